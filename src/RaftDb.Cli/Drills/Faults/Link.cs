using System.Diagnostics;

namespace RaftDb.Cli.Drills.Faults;

/// <summary>What one node sends to another, over all their connections. Safe for use by all threads.</summary>
internal sealed class Link(ulong from, ulong to)
{
    private readonly Lock _lock = new();
    private LinkCondition _condition;
    private TaskCompletionSource? _opened;
    private long _busyUntil;

    public ulong From { get; } = from;

    public ulong To { get; } = to;

    public LinkCondition Condition
    {
        get
        {
            lock (_lock)
            {
                return _condition;
            }
        }
    }

    public void Set(LinkCondition condition)
    {
        TaskCompletionSource? opened = null;
        lock (_lock)
        {
            _condition = condition;
            if (condition.Cut)
            {
                _opened ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            else
            {
                (opened, _opened) = (_opened, null);
                _busyUntil = 0;
            }
        }

        opened?.SetResult();
    }

    /// <summary>Waits while the link is cut.</summary>
    public Task OpenAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            return _opened is null ? Task.CompletedTask : _opened.Task.WaitAsync(cancel);
        }
    }

    /// <summary>When bytes that come in now come out, as a timestamp: after the delay, and after what came before them has been through.</summary>
    public long Due(int bytes)
    {
        lock (_lock)
        {
            long now = Stopwatch.GetTimestamp();
            if (_condition.BytesPerSecond > 0)
            {
                _busyUntil = Math.Max(_busyUntil, now) + (bytes * Stopwatch.Frequency / _condition.BytesPerSecond);
                now = _busyUntil;
            }

            return now + (long)(_condition.Delay.TotalSeconds * Stopwatch.Frequency);
        }
    }
}
