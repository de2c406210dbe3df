using System.Collections.Concurrent;
using RaftDb.Raft;
using RaftDb.Storage.Binlog.Segments;

namespace RaftDb.Storage.Binlog.Replicas;

/// <summary>The replicas of this node and the tombstones of former ones. Changed by the writer thread; looked up by any.</summary>
internal sealed class ReplicaTable(SegmentTable segments)
{
    private readonly ConcurrentDictionary<RangeId, ReplicaLog> _byRange = new();
    private readonly ConcurrentDictionary<Tombstone, uint> _tombstones = new();

    public ReplicaLog? Find(RangeId range) => _byRange.GetValueOrDefault(range);

    /// <summary>In the order of their ranges.</summary>
    public ReplicaLog[] All => [.. _byRange.Values.OrderBy(r => r.Range.Value)];

    /// <summary>With the segment that holds each one's record, in order.</summary>
    public (Tombstone Tombstone, uint Segment)[] Tombstones =>
        [.. _tombstones.Select(t => (t.Key, t.Value)).OrderBy(t => t.Key.Range.Value).ThenBy(t => t.Key.Replica.Value)];

    public bool IsTombstoned(RangeId range, ReplicaId replica) => _tombstones.ContainsKey(new Tombstone(range, replica));

    /// <summary>A new replica, in place of an earlier one of the range.</summary>
    public ReplicaLog Add(RangeId range, ReplicaId replica)
    {
        if (_byRange.TryRemove(range, out ReplicaLog? old))
        {
            old.Drop();
        }

        var added = new ReplicaLog(range, replica, segments);
        _byRange[range] = added;
        return added;
    }

    /// <summary>The replica is gone for good; its record stands in <paramref name="segment"/>.</summary>
    public void Bury(RangeId range, ReplicaId replica, uint segment)
    {
        var tombstone = new Tombstone(range, replica);
        segments.StateMoved(_tombstones.GetValueOrDefault(tombstone), segment);
        _tombstones[tombstone] = segment;
        if (Find(range) is { } found && found.Replica == replica)
        {
            _byRange.TryRemove(range, out _);
            found.Drop();
        }
    }
}
