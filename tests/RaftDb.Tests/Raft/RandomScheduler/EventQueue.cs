namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>Virtual time: what happens when, in an order that is the same in every run.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<Action, (long At, long Sequence)> _events = new();
    private long _sequence;

    /// <summary>Nanoseconds since the start.</summary>
    public long Now { get; private set; }

    public long Executed { get; private set; }

    public void After(long delay, Action action) => _events.Enqueue(action, (Now + delay, _sequence++));

    /// <summary>Runs everything that happens up to then.</summary>
    public void RunUntil(long end)
    {
        while (_events.TryPeek(out _, out var next) && next.At <= end)
        {
            var action = _events.Dequeue();
            Now = next.At;
            Executed++;
            action();
        }

        Now = end;
    }
}
