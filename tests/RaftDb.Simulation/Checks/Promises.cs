using System.Runtime.CompilerServices;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Raft.Quorum;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Simulation.Checks;

/// <summary>Nothing is said that depends on what is not durable, and nothing that was said is forgotten over a restart.</summary>
internal sealed class Promises(SimCluster world)
{
    /// <summary>What each replica has promised.</summary>
    private readonly Dictionary<(int Machine, RangeId Range), Promise> _made = [];

    /// <summary>What is durable of each replica: its running process's log, or the last one's.</summary>
    private readonly Dictionary<(int Machine, RangeId Range), ReplicaLog> _logs = [];

    /// <summary>The machine has another disk, with nothing on it.</summary>
    public void Wiped(SimMachine machine)
    {
        foreach (RangeDescriptor range in world.Ranges)
        {
            _logs.Remove((machine.Index, range.Id));
        }
    }

    public void Sent(SimProcess process, in RangeMessage sent)
    {
        Message message = sent.Message;
        (int, RangeId) who = (process.Machine.Index, sent.Range);
        if (!_logs.TryGetValue(who, out ReplicaLog? log))
        {
            throw new SimulationFailedException($"node {process.Node} speaks for range {sent.Range}, of which it has no log");
        }

        Promise promise = _made[who];
        HardState durable = log.HardState;
        switch (message)
        {
            case VoteRequest { PreVote: true } or VoteResponse { PreVote: true }:
                return;
            case VoteResponse { Granted: true } vote:
                Require(durable.Term > vote.Term || (durable.Term == vote.Term && durable.Vote == vote.To), $"{Name(process, sent)} votes for {vote.To} in term {vote.Term}; durable are {durable.Term} and {durable.Vote}");
                if (world.Checks.Of(sent.Range).Voted(vote.Term, vote.From, vote.To))
                {
                    world.Marks.Hit("A3 vote given again to the same candidate");
                }

                break;
            case VoteRequest request:
                Require(durable.Term > request.Term || (durable.Term == request.Term && durable.Vote == request.From), $"{Name(process, sent)} campaigns in term {request.Term}; durable are {durable.Term} and {durable.Vote}");
                // Who has lost meanwhile may have replaced what the request names, in the same write: a vote no longer helps it.
                Require(request.Last.Index <= log.Last.Index || !IsCampaigning(process, sent.Range, request.Term), $"{Name(process, sent)} campaigns with {request.Last.Index}; durable is {log.Last.Index}");
                world.Checks.Of(sent.Range).Voted(request.Term, request.From, request.From);
                break;
            case AppendEntriesResponse { Rejected: false } response:
                Require(response.Match <= log.Last.Index, $"{Name(process, sent)} acknowledges {response.Match}; durable is {log.Last.Index}");
                promise.Matches[response.Term.Value] = LogIndex.Max(promise.Matches.GetValueOrDefault(response.Term.Value), response.Match);
                break;
            case AppendEntries append:
                world.Checks.Of(sent.Range).Sent(append.Previous, append.Entries);
                break;
        }

        if (message is ReadIndexRequest)
        {
            // A question promises nothing.
            return;
        }

        Require(message.Term <= durable.Term, $"{Name(process, sent)} sends {message.GetType().Name}, and speaks in term {message.Term}; durable is {durable.Term}");
        promise.Term = message.Term > promise.Term ? message.Term : promise.Term;
    }

    private static bool IsCampaigning(SimProcess process, RangeId range, Term term) =>
        process.Replicas.Find(range) is { } replica && replica.Consensus.Role == Role.Candidate && replica.Consensus.Term == term;

    public void Started(SimProcess process, Replica replica)
    {
        (int, RangeId) who = (process.Machine.Index, replica.Range);
        ReplicaLog log = process.Binlog.LogOf(replica.Range) ?? throw new SimulationFailedException($"node {process.Node} starts range {replica.Range} without a log");
        _logs[who] = log;
        if (!_made.TryGetValue(who, out Promise? promise) || promise.Replica != replica.Id)
        {
            // What another replica promised here binds nobody any more: a quorum has removed it.
            _made[who] = new(replica.Id);
            return;
        }

        RangeLedger ledger = world.Checks.Of(replica.Range);
        RaftNode node = replica.Consensus;
        Require(node.Term >= promise.Term, $"node {process.Node}, range {replica.Range}: starts in term {node.Term} and spoke in term {promise.Term}");
        ReplicaId vote = ledger.VoteOf(node.Term, replica.Id);
        Require(vote.IsNone || log.HardState.Vote == vote, $"node {process.Node}, range {replica.Range}: voted for {vote} in term {node.Term} and remembers {log.HardState.Vote}");
        LogIndex kept = LogIndex.Zero;
        foreach ((ulong term, LogIndex match) in promise.Matches)
        {
            // What is not committed by the leader that was told may be replaced by a later one.
            kept = LogIndex.Max(kept, LogIndex.Min(match, ledger.CommittedBy(new Term(term))));
        }

        Require(node.Last.Index >= kept, $"node {process.Node}, range {replica.Range}: acknowledged the committed entry {kept} and has {node.Last.Index}");
        Require(
            kept <= node.Floor.Index || node.TermOf(kept) == ledger.TermOf(kept),
            $"node {process.Node}, range {replica.Range}: acknowledged the committed entry {kept} and has another one");
    }

    /// <summary>Committed means: on the disks of a quorum, whatever those nodes are doing now. A disk that is damaged is believed.</summary>
    public bool IsDurable(RangeId range, Configuration configuration, LogIndex index)
    {
        Dictionary<ReplicaId, bool> votes = [];
        Term term = world.Checks.Of(range).TermOf(index);
        foreach (ReplicaDescriptor replica in world.Range(range).Replicas)
        {
            votes[replica.Replica] = world.Machines[(int)replica.Node.Value - 1].Disk.IsDamaged;
        }

        foreach (SimMachine machine in world.Machines)
        {
            if (_made.TryGetValue((machine.Index, range), out Promise? promise))
            {
                votes[promise.Replica] = machine.Disk.IsDamaged
                    || (_logs.TryGetValue((machine.Index, range), out ReplicaLog? log)
                        && (log.Floor.Index >= index || (log.Last.Index >= index && log.TermOf(index) == term)));
            }
        }

        return JointQuorum.VoteResult(configuration, votes) == VoteResult.Won;
    }

    private static string Name(SimProcess process, in RangeMessage message) => $"node {process.Node}, range {message.Range}:";

    private static void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref CheckMessage broken)
    {
        if (!holds)
        {
            throw new SimulationFailedException(broken.ToString());
        }
    }

    private sealed class Promise(ReplicaId replica)
    {
        public ReplicaId Replica { get; } = replica;

        public Term Term { get; set; }

        /// <summary>The highest index that was acknowledged in each term.</summary>
        public SortedDictionary<ulong, LogIndex> Matches { get; } = [];
    }
}
