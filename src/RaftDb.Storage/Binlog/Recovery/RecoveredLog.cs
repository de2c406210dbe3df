using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;
using RaftDb.Storage.Binlog.Segments;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>What recovery found; the writer goes on from here.</summary>
internal sealed record RecoveredLog
{
    public required SegmentTable Segments { get; init; }

    public required ReplicaTable Replicas { get; init; }

    /// <summary>The session of the process that opens now.</summary>
    public required SessionPayload Session { get; init; }

    public required ulong NextSequence { get; init; }

    /// <summary>The number that the next segment gets.</summary>
    public required uint NextSegment { get; init; }

    /// <summary>The active segment is damaged, or there is none: nothing more is written to it.</summary>
    public required bool MustRoll { get; init; }

    /// <summary>Replicas that are suspect and not yet recorded as such.</summary>
    public required IReadOnlyList<ReplicaLog> NewlySuspect { get; init; }

    public required IReadOnlyList<string> Damages { get; init; }

    /// <summary>A segment that is ready and empty.</summary>
    public Segment? Prepared { get; init; }

    /// <summary>Free files, with their sizes.</summary>
    public required IReadOnlyList<(string Path, long Capacity)> FreeFiles { get; init; }

    /// <summary>Segment files that nobody needs any more.</summary>
    public required IReadOnlyList<string> Obsolete { get; init; }

    /// <summary>A log of which nothing is left, or was ever there, goes on in this new segment.</summary>
    public RecoveredLog With(Segment created)
    {
        Segments.Add(created);
        Segments.First = created.Number;
        return this with { NextSegment = created.Number + 1, MustRoll = false };
    }
}
