using RaftDb.Raft.Log;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>What a replay doesn't know of one replica, or knows to be wrong.</summary>
internal sealed class RangeTrouble
{
    /// <summary>Records of unknown ranges are damaged, and no full hard state of this range has followed yet.</summary>
    public string? Doubt { get; set; }

    /// <summary>Records are certainly missing.</summary>
    public string? Broken { get; set; }

    /// <summary>The oldest records are gone, and nothing has said yet where the log begins.</summary>
    public bool FloorIsUnknown { get; set; }

    /// <summary>The floor that the last checkpoint's record names. A floor moves with such a record only, so a log that begins there is whole.</summary>
    public LogPosition? StatedFloor { get; set; }

    /// <summary>Nothing has said yet where the log ends.</summary>
    public bool LastIsUnknown { get; set; }
}
