using RaftDb.Raft;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Replicas;

/// <summary>Writes that the binlog had no room for, and those that came behind them. They are tried again in order: nothing that depends on them was sent, so
/// the replica is merely slow until there is room. Owned by the replica's loop.</summary>
internal sealed class RefusedWrites
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private List<BinlogWrite> _waiting = [];

    /// <summary>Whether there was no room at the last try.</summary>
    public bool Any => _waiting.Count > 0;

    /// <summary>When to try again.</summary>
    public Instant RetryAt { get; private set; } = Instant.Never;

    public void Add(BinlogWrite write, Instant now)
    {
        _waiting.Add(write);
        RetryAt = now + Interval;
    }

    public void AddBehind(BinlogWrite write) => _waiting.Add(write);

    public bool IsDue(Instant now) => _waiting.Count > 0 && now >= RetryAt;

    /// <summary>Takes all of them, to be written in this order.</summary>
    public IReadOnlyList<BinlogWrite> TakeAll()
    {
        List<BinlogWrite> all = _waiting;
        _waiting = [];
        RetryAt = Instant.Never;
        return all;
    }
}
