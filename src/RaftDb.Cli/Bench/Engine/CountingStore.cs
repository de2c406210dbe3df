using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Cli.Bench.Engine;

/// <summary>State machines that keep nothing on disk.</summary>
internal sealed class CountingStore : IStateMachineStore
{
    public IStateMachine Create(RangeDescriptor descriptor, Configuration configuration) => new CountingMachine(descriptor, configuration);

    public IStateMachine Open(RangeId range, RangeCheckpoint checkpoint) => new CountingMachine(checkpoint.Descriptor, checkpoint.Configuration);

    public ISnapshotSink BeginReceive(RangeId range) => throw new IOException("The benchmark's state machine takes no snapshots.");

    public void Delete(RangeId range, string fileName)
    {
        // There is no file.
    }
}
