using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Checks;

/// <summary>The entries of all logs that change members, and what must hold of them: one at a time, none before a leader has committed in its term, and nobody campaigns who has not applied
/// what it knows to be committed.</summary>
internal sealed class MembershipRules(SimCluster world)
{
    private readonly Dictionary<RangeId, SortedDictionary<ulong, ulong>> _changes = [];

    public void Sent(SimProcess process, in RangeMessage sent)
    {
        if (sent.Message is not AppendEntries append)
        {
            return;
        }

        bool any = false;
        foreach (Entry entry in append.Entries)
        {
            if (entry.Kind != EntryKind.ConfigurationChange)
            {
                continue;
            }

            any = true;
            if (entry.Term == append.Term && world.Checks.Of(sent.Range).HighestTerm < append.Term)
            {
                throw new SimulationFailedException($"range {sent.Range}: the leader of term {append.Term} changes members in entry {entry.Index} before anything of its term is committed");
            }

            (_changes.TryGetValue(sent.Range, out SortedDictionary<ulong, ulong>? changes) ? changes : _changes[sent.Range] = [])[entry.Index.Value] = entry.Term.Value;
        }

        if (any && process.Replicas.Find(sent.Range) is { } leader && Between(leader, leader.Consensus.Commit, leader.Consensus.Last.Index) is > 1 and int underWay)
        {
            throw new SimulationFailedException($"node {process.Node}, range {sent.Range}: {underWay} changes of members are under way at once behind entry {leader.Consensus.Commit}");
        }
    }

    /// <summary>After a pass in which a replica began to campaign.</summary>
    public void Campaigns(SimProcess process, Replica replica)
    {
        if (HasUnapplied(replica))
        {
            throw new SimulationFailedException($"node {process.Node}, range {replica.Range}: campaigns in term {replica.Consensus.Term} with a committed change of members that it has not applied");
        }
    }

    public bool HasUnapplied(Replica replica) => Between(replica, replica.Consensus.Applied, replica.Consensus.Commit) > 0;

    /// <summary>Whether an uncommitted entry of this term, up to this one, changed members.</summary>
    public bool WasUncommitted(Replica replica, LogPosition last) =>
        _changes.TryGetValue(replica.Range, out SortedDictionary<ulong, ulong>? changes)
        && changes.Any(c => c.Key > replica.Consensus.Commit.Value && c.Key <= last.Index.Value && c.Value == last.Term.Value);

    /// <summary>How many entries in (after, to] of a replica's log change members.</summary>
    private int Between(Replica replica, LogIndex after, LogIndex to)
    {
        int count = 0;
        if (_changes.TryGetValue(replica.Range, out SortedDictionary<ulong, ulong>? changes))
        {
            RaftNode node = replica.Consensus;
            foreach ((ulong index, ulong term) in changes)
            {
                if (index > after.Value && index <= to.Value && index > node.Floor.Index.Value && node.TermOf(new(index)).Value == term)
                {
                    count++;
                }
            }
        }

        return count;
    }
}
