using RaftDb.Raft;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Replicas;

/// <summary>Writes that the binlog had no room for, and those that came behind them. They are tried again in order: nothing that depends on them was sent, so
/// the replica is merely slow until there is room. Owned by the replica's loop.</summary>
internal sealed class RefusedWrites
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private List<BinlogWrite> _waiting = [];
    private long _order;

    /// <summary>Whether there was no room at the last try.</summary>
    public bool Any => _waiting.Count > 0;

    /// <summary>When to try again.</summary>
    public Instant RetryAt { get; private set; } = Instant.Never;

    public void Add(BinlogWrite write, Instant now)
    {
        _waiting.Add(write);
        RetryAt = now + Interval;
    }

    /// <summary>The place of the replica's next write.</summary>
    public long NextOrder() => ++_order;

    /// <summary>A new write: behind those that wait, if there are any.</summary>
    public void Write(BinlogWrite write, PassOutput output)
    {
        if (_waiting.Count > 0)
        {
            _waiting.Add(write);
        }
        else
        {
            output.Write(write);
        }
    }

    /// <summary>When it is time, writes all of them in their order: a refusal may have come late, behind a newer write.</summary>
    public void Retry(Instant now, PassOutput output)
    {
        if (_waiting.Count == 0 || now < RetryAt)
        {
            return;
        }

        List<BinlogWrite> all = _waiting;
        _waiting = [];
        RetryAt = Instant.Never;
        all.Sort(static (a, b) => a.Order.CompareTo(b.Order));
        all.ForEach(output.Write);
    }
}
