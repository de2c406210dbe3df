using RaftDb.Raft;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>While a node holds a lease, no leader of a higher term has committed anything. Each node reads a clock of its own.</summary>
internal sealed class LeaseChecks(SimWorld world)
{
    public void Stepped(SimNode node, SimProcess process, bool committed)
    {
        CheckLease(node, process);
        if (!committed)
        {
            return;
        }

        foreach (var other in world.Nodes)
        {
            if (other.Process is { } running)
            {
                CheckLease(other, running);
            }
        }
    }

    private void CheckLease(SimNode node, SimProcess process)
    {
        if (!process.Raft.HoldsLease(process.Now))
        {
            return;
        }

        world.Marks.Hit("leases held");
        Check.That(
            world.Swarm.Raft.FailoverMode == FailoverMode.Lease, $"replica {node.Id} holds a lease in a group that promises none");
        Check.That(
            process.Raft.Term >= world.Checks.Ledger.HighestTerm,
            $"replica {node.Id} holds a lease of term {process.Raft.Term}; term {world.Checks.Ledger.HighestTerm} has committed");
        Check.That(
            process.Raft.Commit >= world.Checks.Ledger.Last,
            $"replica {node.Id} holds a lease and has commit {process.Raft.Commit}; {world.Checks.Ledger.Last} is committed");
    }
}
