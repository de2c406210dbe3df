using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Storage.StateMachines;

/// <summary>What a transaction of applied entries has changed so far beside the rows. Becomes the published state when SQLite has committed, and is
/// forgotten when it has not.</summary>
internal struct ApplyBatch(StateMeta from, long earliestExpiry)
{
    public LogPosition Applied = from.Applied;
    public HybridTimestamp Time = from.Time;
    public long Keys = from.Keys;
    public long Bytes = from.Bytes;
    public ulong Shape = from.Shape;
    public RangeDescriptor Descriptor = from.Descriptor;
    public Configuration Configuration = from.Configuration;

    /// <summary>The earliest expiry; 0 when no row has one.</summary>
    public long EarliestExpiry = earliestExpiry;

    /// <summary>The row with the earliest expiry may be gone, so that it must be looked up.</summary>
    public bool EarliestIsStale;

    /// <summary>A row's expiry changed from one time to another (0 = none or absent).</summary>
    public void ExpiryChanged(long before, long after)
    {
        if (before != after && before != 0 && before == EarliestExpiry)
        {
            EarliestIsStale = true;
        }

        if (after != 0 && (EarliestExpiry == 0 || after < EarliestExpiry))
        {
            EarliestExpiry = after;
        }
    }

    /// <summary>As it is stored and published.</summary>
    public readonly StateMeta ToMeta() => new(Applied, Time, Keys, Bytes, Shape, Descriptor, Configuration);
}
