namespace RaftDb.Server.Replicas;

/// <summary>Those who wait to hear that something has changed. It is told once.</summary>
internal sealed class LeadershipNews
{
    private readonly Lock _gate = new();
    private readonly List<TaskCompletionSource<bool>> _waiters = [];
    private bool _isTold;

    /// <summary>Waits for it (true), at most so long (false).</summary>
    /// <remarks>Not Task.WaitAsync: that hops over the thread pool when the news comes.</remarks>
    public async ValueTask<bool> CameWithinAsync(TimeSpan wait, TimeProvider time, CancellationToken cancel)
    {
        TaskCompletionSource<bool> waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isTold)
            {
                return true;
            }

            _waiters.Add(waiter);
        }

        using (cancel.UnsafeRegister(static (state, token) => ((TaskCompletionSource<bool>)state!).TrySetCanceled(token), waiter))
        using (time.CreateTimer(static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), waiter, wait, Timeout.InfiniteTimeSpan))
        {
            try
            {
                return await waiter.Task;
            }
            finally
            {
                lock (_gate)
                {
                    _waiters.Remove(waiter);
                }
            }
        }
    }

    public void Tell()
    {
        TaskCompletionSource<bool>[] waiters;
        lock (_gate)
        {
            _isTold = true;
            waiters = [.. _waiters];
            _waiters.Clear();
        }

        foreach (TaskCompletionSource<bool> waiter in waiters)
        {
            waiter.TrySetResult(true);
        }
    }
}
