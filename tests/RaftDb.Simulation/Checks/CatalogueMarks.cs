using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Checks;

/// <summary>Notices when a run comes into one of the situations that the table of known failures in docs/testing.md lists, and counts it under the row's name.</summary>
internal sealed class CatalogueMarks(SimCluster world, MembershipRules members)
{
    private readonly Dictionary<(RangeId, int), long> _snapshots = [];
    private readonly HashSet<(int, RangeId)> _cut = [];

    public void Stepped(SimProcess process, Replica replica, Sight before)
    {
        RaftNode node = replica.Consensus;
        if (node.Role != before.Role || node.Term != before.Term)
        {
            RoleChanged(node, before);
        }

        if (node.Last != before.Last && before.Last.Index > node.Floor.Index
            && (node.Last.Index < before.Last.Index || node.TermOf(before.Last.Index) != before.Last.Term))
        {
            _cut.Add((process.Machine.Index, replica.Range));
            Hit("suffixes replaced");
            if (before.Persisted < before.Last.Index)
            {
                Hit("B6 suffix replaced while its write was under way");
            }

            if (members.WasUncommitted(replica, before.Last))
            {
                Hit("B4 replaced suffix held a change of members");
            }
        }

        if (node.Leader.IsNone && members.HasUnapplied(replica))
        {
            Hit("D2 no leader while a committed change of members is not applied");
        }

        if (node.Floor.Index > before.Last.Index)
        {
            Hit("F2 snapshot took the place of a log");
            (RangeId, int) who = (replica.Range, process.Machine.Index);
            if (_snapshots.TryGetValue(who, out long last) && world.Time.Now - last < 10_000_000_000)
            {
                Hit("F4 two snapshots close together");
            }

            _snapshots[who] = world.Time.Now;
            if (node.Configuration.Learners.Count > 0 || node.Configuration.IsJoint)
            {
                Hit("D8 snapshot after a change of members");
            }
        }
    }

    public void Committed(RaftNode node)
    {
        if (node.Configuration.Voters.Count == 1 && !node.Configuration.IsJoint)
        {
            Hit("B5 commit of a single voter");
        }
    }

    public void Sent(SimProcess process, in RangeMessage sent)
    {
        switch (sent.Message)
        {
            case AppendEntriesResponse { Rejected: true }:
                Hit("B9 probes rejected");
                break;
            case VoteResponse { PreVote: false, Granted: true } vote when vote.From != vote.To && process.Replicas.Find(sent.Range) is { } voter && voter.Consensus.Configuration.IsLearner(vote.From):
                Hit("A10 vote of one that takes itself for a learner");
                break;
            case ReadIndexRequest request when world.Checks.Of(sent.Range).HighestTerm < request.Term:
                Hit("C1 read asked before the term has committed");
                break;
        }
    }

    /// <summary>A replica starts from what is durable.</summary>
    public void Started(Replica replica)
    {
        if (members.HasUnapplied(replica))
        {
            Hit("D2 start with a committed change of members not applied");
        }
    }

    public void Received(SimProcess process, in RangeMessage received)
    {
        switch (received.Message)
        {
            case AppendEntries append when append.Commit > append.Previous.Index + (ulong)append.Entries.Count:
                Hit("B8 told of a commit beyond what came with it");
                break;
            case Heartbeat heartbeat when process.Replicas.Find(received.Range) is { } replica && heartbeat.Commit > replica.Consensus.Last.Index:
                Hit("B8 heartbeat's commit beyond the log");
                break;
        }
    }

    public void Died(SimProcess process, bool machineToo)
    {
        if (process.SnapshotsUnderWay > 0)
        {
            Hit("F3 crash while a snapshot was received or installed");
        }

        foreach (Replica replica in process.Replicas.All)
        {
            RaftNode node = replica.Consensus;
            if (process.Binlog.LogOf(replica.Range) is { } log && (node.Term > log.HardState.Term || node.Persisted < node.Last.Index))
            {
                Hit(node.Term > log.HardState.Term ? "A1 crash before a term or vote was durable" : "B2 crash before entries were durable");
            }

            if (node.Role == Role.Leader && node.Configuration.IsJoint)
            {
                Hit("D3 leader died in a joint configuration");
            }

            if (machineToo && _cut.Contains((process.Machine.Index, replica.Range)))
            {
                Hit("G7 power cut after a suffix was replaced");
            }
        }
    }

    private void RoleChanged(RaftNode node, in Sight before)
    {
        if (before.Role == Role.Candidate && node.Role == Role.Follower && node.Term == before.Term)
        {
            Hit("A2 candidate stepped down in its term");
        }

        if (before.Role == Role.PreCandidate && node.Role == Role.Follower && node.Term == before.Term)
        {
            Hit("A4 rehearsal lost, term kept");
        }

        if (node.Role == Role.Candidate && node.Persisted < node.Last.Index)
        {
            Hit("A9 candidate with an unpersisted tail");
        }

        if (node.Role == Role.Leader && before.Role != Role.Leader)
        {
            if (world.Swarm.MixedPreVote)
            {
                Hit("A5 leader elected with pre-votes on some nodes only");
            }

            if (node.Configuration.IsJoint)
            {
                Hit("A6 leader elected in a joint configuration");
            }

            if (node.Last.Index.Value > node.Commit.Value + 1)
            {
                Hit("B1 leader with uncommitted entries of earlier terms");
            }
        }
    }

    private void Hit(string mark) => world.Marks.Hit(mark);
}

/// <summary>What a replica looked like after its pass before. Several inputs make one pass, so a node may have committed as a leader and under a configuration that it has no
/// more at the end of it.</summary>
internal readonly record struct Sight(Term Term, Role Role, LogIndex Commit, LogPosition Last, LogIndex Persisted, Configuration Configuration)
{
    public static Sight Of(RaftNode node) => new(node.Term, node.Role, node.Commit, node.Last, node.Persisted, node.Configuration);
}
