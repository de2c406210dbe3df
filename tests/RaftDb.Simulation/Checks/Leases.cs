using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Checks;

/// <summary>While a replica holds a lease, no leader of a higher term has committed anything. Each reads a clock of its own.</summary>
internal sealed class Leases(SimCluster world)
{
    /// <summary>Something new is committed: nobody else may hold a lease now.</summary>
    public void Committed(RangeId range)
    {
        if (world.Swarm.Raft.FailoverMode != FailoverMode.Lease)
        {
            return;
        }

        foreach (SimMachine machine in world.Machines)
        {
            if (machine.Process is { } process && process.Replicas.Find(range) is { } replica)
            {
                Check(process, replica);
            }
        }
    }

    public void Check(SimProcess process, Replica replica)
    {
        RaftNode node = replica.Consensus;
        if (node.Role != Role.Leader || !node.HoldsLease(process.Now))
        {
            return;
        }

        world.Marks.Hit("leases held");
        RangeLedger ledger = world.Checks.Of(replica.Range);
        if (world.Swarm.Raft.FailoverMode != FailoverMode.Lease)
        {
            throw new SimulationFailedException($"replica {replica.Id} of range {replica.Range} holds a lease where the range promises none");
        }

        if (node.Term < ledger.HighestTerm || node.Commit < ledger.Committed)
        {
            throw new SimulationFailedException(
                $"replica {replica.Id} of range {replica.Range} holds a lease of term {node.Term} with commit {node.Commit}; term {ledger.HighestTerm} has committed {ledger.Committed}");
        }
    }
}
