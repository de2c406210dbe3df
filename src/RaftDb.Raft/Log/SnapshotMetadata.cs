using RaftDb.Raft.Membership;

namespace RaftDb.Raft.Log;

/// <summary>What a snapshot stands for: every entry up to and including <see cref="Position"/>, and the configuration that
/// was in force there.</summary>
public sealed record SnapshotMetadata(LogPosition Position, Configuration Configuration);
