using RaftDb.Raft.Membership;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Storage.StateMachines;

/// <summary>Where the state machines of a node live: ranges/ID/state-GENERATION.db under the data directory.</summary>
public interface IStateMachineStore
{
    /// <summary>Creates the state of a new replica at index 0, with nothing in it but descriptor and configuration, durably.</summary>
    IStateMachine Create(RangeDescriptor descriptor, Configuration configuration);

    /// <summary>Opens the file named in the checkpoint, and deletes other generations that are left over. Throws <see cref="StorageRefusedException"/> when the file is
    /// missing, damaged, or holds less than the checkpoint says.</summary>
    IStateMachine Open(RangeId range, RangeCheckpoint checkpoint);

    /// <summary>Receives a snapshot into a new file, chunk by chunk.</summary>
    ISnapshotSink BeginReceive(RangeId range);

    /// <summary>Deletes a state file and its companions, once nobody uses it.</summary>
    void Delete(RangeId range, string fileName);
}
