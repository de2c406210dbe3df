using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>All that a simulated state machine is: how far it is, a hash of everything it applied, and the configuration there.
/// Also what a snapshot of it carries.</summary>
internal sealed record MachineState(LogPosition Position, ulong Chain, Configuration Configuration)
{
    public SnapshotMetadata Metadata => new(Position, Configuration);
}
