using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>What a node looked like after its step before. Several inputs make one step, so a node may have committed as a leader and
/// under a configuration that it has no more at the end of it.</summary>
internal readonly record struct Sight(Term Term, Role Role, LogIndex Commit, LogPosition Last, Configuration Configuration);
