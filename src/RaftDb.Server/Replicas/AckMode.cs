namespace RaftDb.Server.Replicas;

/// <summary>When a write is answered (DESIGN section 8).</summary>
internal enum AckMode : byte
{
    Quorum = 0,
    All = 1,
    Leader = 2,
}
