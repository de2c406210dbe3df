using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Hosting;

/// <summary>Makes replicas that know nothing but their id, durably: a snapshot brings all the rest.</summary>
/// <param name="initial">The ranges of the first start: a new replica of one of them begins with its bounds.</param>
/// <param name="failover">What a range that nobody here has heard of is taken for, until its snapshot comes.</param>
internal sealed class BlankReplicas(NodeBinlog binlog, IStateMachineStore store, ReplicaOpener opener, IReadOnlyList<RangeDescriptor> initial, FailoverMode failover)
{
    public Replica Create(RangeId range, ReplicaId replica)
    {
        RangeDescriptor? known = initial.FirstOrDefault(r => r.Id == range);
        RangeDescriptor blank = new()
        {
            Id = range,
            Kind = known?.Kind ?? RangeKind.KeyValue,
            Start = known?.Start ?? default,
            End = known?.End,
            Generation = 0,
            Replicas = [],
            FailoverMode = known?.FailoverMode ?? failover,
        };
        return opener.Open(CreateEmpty(binlog, store, blank, replica, Configuration.Empty));
    }

    /// <summary>A durable replica without any data.</summary>
    public static RecoveredReplica CreateEmpty(NodeBinlog binlog, IStateMachineStore store, RangeDescriptor range, ReplicaId replica, Configuration configuration)
    {
        using IStateMachine state = store.Create(range, configuration);
        RangeCheckpoint checkpoint = new(LogPosition.Zero, configuration, range, state.FileName);
        binlog.CreateReplica(range.Id, replica, checkpoint);
        return new RecoveredReplica { Range = range.Id, Replica = replica, Checkpoint = checkpoint };
    }
}
