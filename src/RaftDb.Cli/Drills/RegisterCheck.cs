namespace RaftDb.Cli.Drills;

/// <summary>
/// Checks linearizable reads of a register that only grows: a read must not return less than what was acknowledged, or read by
/// anyone on any node, before it began. That is what a deposed leader would break.
/// </summary>
internal sealed class RegisterCheck
{
    private readonly Lock _lock = new();
    private readonly List<string> _violations = [];
    private long _floor;
    private long _reads;

    public long Reads => Volatile.Read(ref _reads);

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_lock)
            {
                return [.. _violations];
            }
        }
    }

    /// <summary>Before a read: the least it may return.</summary>
    public long Begin()
    {
        lock (_lock)
        {
            return _floor;
        }
    }

    public void Acknowledged(long value)
    {
        lock (_lock)
        {
            _floor = Math.Max(_floor, value);
        }
    }

    public void Read(ulong node, long value, long floor)
    {
        lock (_lock)
        {
            _reads++;
            if (value < floor)
            {
                _violations.Add($"STALE: node {node} answered a linearizable read with {value}, after {floor} had been seen.");
            }

            _floor = Math.Max(_floor, value);
        }
    }
}
