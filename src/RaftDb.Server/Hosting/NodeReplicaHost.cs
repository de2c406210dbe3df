using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Server.Metrics;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Hosting;

/// <summary>What the replicas of one node share.</summary>
internal sealed class NodeReplicaHost(
    NodeId node,
    INodeClock clock,
    HybridClock logClock,
    NodeBinlog binlog,
    Durability durability,
    int checkpointEntries,
    TimeSpan sessionIdleTimeout,
    ITransport transport,
    IStateMachineStore store,
    ReplicaScheduler scheduler,
    NodeMetrics metrics,
    HaltMarks marks,
    ILogger log,
    Action<Exception> fail) : IReplicaHost
{
    public NodeId Node => node;

    public Instant Now => clock.Now;

    public NodeBinlog Binlog => binlog;

    public Durability Durability => durability;

    public int CheckpointEntries => checkpointEntries;

    public TimeSpan SessionIdleTimeout => sessionIdleTimeout;

    public ITransport Transport => transport;

    public IStateMachineStore Store => store;

    public NodeMetrics Metrics => metrics;

    public HybridTimestamp LogTime() => logClock.Now();

    public void Wake(Replica replica) => scheduler.Wake(replica);

    public void WakeAfterDisk(Replica replica) => scheduler.WakeAfterDisk(replica);

    public void ScheduleApply(ApplyPipeline pipeline) => scheduler.ScheduleApply(pipeline);

    public void RunInBackground(string what, Func<CancellationToken, Task> work) => scheduler.RunInBackground(what, work);

    public void Fail(Exception cause) => fail(cause);

    public void ReplicaHalted(Replica replica, string reason)
    {
        log.LogCritical("The replica of range {Range} on this node has stopped, the others go on: {Reason}", replica.Range, reason);
        replica.Halt(reason);
    }
    public void ApplyBroke(Replica replica, LogIndex first, LogIndex last, InvariantBrokenException cause)
    {
        log.LogCritical("Range {Range}: {Cause} From the next start on this replica stays halted, and the others serve", replica.Range, cause.Message);
        marks.Write(replica.Range, replica.Id, first, last, cause.Message);
    }
}
