using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Hosting;

/// <summary>Opens a replica from what the binlog recovered of it and its state file, when the two belong together.</summary>
internal sealed class ReplicaOpener(RaftOptions options, IStateMachineStore store, IReplicaHost host, Func<ulong> seed)
{
    /// <summary>Throws <see cref="StorageRefusedException"/> for one that can't be trusted.</summary>
    public Replica Open(RecoveredReplica recovered)
    {
        if (recovered.Suspicion is { } suspicion && !Mutants.SuspicionIgnored)
        {
            throw new StorageRefusedException(
                $"Its log is suspect ({suspicion}): it neither votes nor acknowledges.");
        }

        if (recovered.Checkpoint is not { } checkpoint)
        {
            throw new StorageRefusedException("The log has no record of its state.");
        }

        IStateMachine state = store.Open(recovered.Range, checkpoint);
        try
        {
            LogIndex applied = state.Applied.Index;
            if (applied > recovered.Last || applied < recovered.Floor.Index)
            {
                throw new StorageRefusedException(
                    $"Its state is at index {applied}, its log goes from {recovered.Floor.Index} to {recovered.Last}: they don't belong together.");
            }

            RaftStart start = new()
            {
                Replica = recovered.Replica,
                HardState = recovered.HardState,
                Configuration = state.Configuration,
                Applied = applied,
                Floor = recovered.Floor,
                Last = recovered.Last,
                TermRuns = recovered.TermRuns,
            };
            RaftOptions raft = options with { FailoverMode = state.Descriptor.FailoverMode };
            return new Replica(host, recovered.Range, raft, start, new StateHandle(state), seed());
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }
}
