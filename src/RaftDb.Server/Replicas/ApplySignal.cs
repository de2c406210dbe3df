namespace RaftDb.Server.Replicas;

/// <summary>Tells who waits that something was applied. Costs a look at one field while nobody does. Thread-safe.</summary>
internal sealed class ApplySignal
{
    private volatile TaskCompletionSource? _next;

    /// <summary>Completes with the next apply. To be taken before looking at what was applied already.</summary>
    public Task Next
    {
        get
        {
            if (_next is { } waiting)
            {
                return waiting.Task;
            }

            TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return (Interlocked.CompareExchange(ref _next, next, null) ?? next).Task;
        }
    }

    /// <summary>Something was applied.</summary>
    public void Pulse()
    {
        if (_next is not null)
        {
            Interlocked.Exchange(ref _next, null)?.TrySetResult();
        }
    }
}
