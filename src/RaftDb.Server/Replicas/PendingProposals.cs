using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Replicas;

/// <summary>Appended proposals that wait for what their proposer asked for. Owned by the replica's loop.</summary>
internal sealed class PendingProposals
{
    private readonly Dictionary<LogIndex, PendingProposal> _byIndex = [];
    private readonly Queue<PendingProposal> _awaitingPersistence = [];
    private readonly List<PendingProposal> _awaitingVoters = [];

    public int Count => _byIndex.Count + _awaitingVoters.Count;

    /// <summary>Whether somebody waits for an apply who is not told by the apply thread (<see cref="Awaiting"/>).</summary>
    public bool AwaitApplied { get; private set; }

    /// <summary>Whether somebody waits for the own log to be durable (ack=leader).</summary>
    public bool AwaitPersisted => _awaitingPersistence.Count > 0;

    /// <summary>No deadline passes before this.</summary>
    public Instant EarliestDeadline { get; private set; } = Instant.Never;

    /// <summary>The highest index that all voters are awaited for; zero when none.</summary>
    public LogIndex AwaitedEverywhere { get; private set; }

    public void Add(PendingProposal proposal, LogPosition position)
    {
        proposal.Position = position;
        EarliestDeadline = Instant.Min(EarliestDeadline, proposal.Deadline);
        if (_byIndex.Remove(position.Index, out PendingProposal? overwritten))
        {
            // The log has one entry per index: the older proposal's entry is gone for good.
            overwritten.Complete(ProposalStatus.NotLeader);
        }

        _byIndex.Add(position.Index, proposal);
        AwaitApplied |= proposal.Ack == AckMode.All;
        if (proposal.Ack == AckMode.Leader)
        {
            _awaitingPersistence.Enqueue(proposal);
        }
    }

    /// <summary>The own log is durable up to <paramref name="persisted"/>.</summary>
    public void Persisted(LogPosition persisted)
    {
        while (_awaitingPersistence.TryPeek(out PendingProposal? proposal) && proposal.Position.Index <= persisted.Index)
        {
            _awaitingPersistence.Dequeue();
            if (proposal.Position.Term == persisted.Term && _byIndex.Remove(proposal.Position.Index))
            {
                proposal.Complete(new ProposalResult(ProposalStatus.Persisted, proposal.Position));
            }
        }
    }

    /// <summary>Who waits for these entries, committed now, to be applied, and may be told right then; null when nobody. They stay here until <see cref="Applied"/>.</summary>
    public List<PendingProposal>? Awaiting(IReadOnlyList<Entry> committed)
    {
        List<PendingProposal>? awaiting = null;
        for (int i = 0; i < committed.Count && _byIndex.Count > 0; i++)
        {
            if (_byIndex.TryGetValue(committed[i].Index, out PendingProposal? proposal)
                && proposal.Position.Term == committed[i].Term && proposal.Ack == AckMode.Quorum)
            {
                (awaiting ??= []).Add(proposal);
            }
        }

        return awaiting;
    }

    /// <summary>These entries were applied, with these results.</summary>
    public void Applied(IReadOnlyList<Entry> entries, IReadOnlyList<CommandResult?> results)
    {
        if (_byIndex.Count == 0)
        {
            return;
        }

        for (int i = 0; i < entries.Count; i++)
        {
            if (!_byIndex.Remove(entries[i].Index, out PendingProposal? proposal))
            {
                continue;
            }

            if (proposal.Position.Term != entries[i].Term && !Mutants.ProposalTakenForAnother)
            {
                proposal.Complete(ProposalStatus.NotLeader);
            }
            else if (proposal.Ack == AckMode.All)
            {
                proposal.Result = results[i];
                _awaitingVoters.Add(proposal);
                AwaitedEverywhere = LogIndex.Max(AwaitedEverywhere, proposal.Position.Index);
            }
            else
            {
                proposal.Complete(new ProposalResult(ProposalStatus.Applied, proposal.Position, results[i]));
            }
        }

        AwaitApplied = AwaitApplied && _byIndex.Values.Any(p => p.Ack == AckMode.All);
    }

    /// <summary>Answers ack=all proposals that every live voter has applied.</summary>
    public void VotersReported(IReadOnlyList<FollowerStatus> members)
    {
        for (int i = _awaitingVoters.Count - 1; i >= 0; i--)
        {
            PendingProposal proposal = _awaitingVoters[i];
            bool done = members.Count > 0;
            foreach (FollowerStatus member in members)
            {
                done &= !member.IsVoter || !member.IsLive || member.Applied >= proposal.Position.Index;
            }

            if (done)
            {
                _awaitingVoters.RemoveAt(i);
                CompleteEverywhere(proposal, members);
            }
        }

        ForgetAwaited();
    }

    /// <summary>The log jumped to a snapshot: what became of entries at or before it can't be told any more.</summary>
    public void SnapshotInstalled(LogIndex index)
    {
        foreach (LogIndex old in _byIndex.Keys.Where(i => i <= index).ToList())
        {
            _byIndex.Remove(old, out PendingProposal? proposal);
            proposal!.Complete(ProposalStatus.Unknown);
        }
    }

    /// <summary>Answers those whose deadline has passed. After the commit, ack=all is still a success, naming who is missing.</summary>
    public void Expire(Instant now, IReadOnlyList<FollowerStatus> members)
    {
        EarliestDeadline = Instant.Never;
        foreach (PendingProposal proposal in _byIndex.Values)
        {
            if (proposal.Deadline <= now)
            {
                // To remove does not disturb the walk.
                _byIndex.Remove(proposal.Position.Index);
                proposal.Complete(ProposalStatus.Unknown);
            }
            else
            {
                EarliestDeadline = Instant.Min(EarliestDeadline, proposal.Deadline);
            }
        }

        for (int i = _awaitingVoters.Count - 1; i >= 0; i--)
        {
            if (_awaitingVoters[i].Deadline <= now)
            {
                CompleteEverywhere(_awaitingVoters[i], members);
                _awaitingVoters.RemoveAt(i);
            }
            else
            {
                EarliestDeadline = Instant.Min(EarliestDeadline, _awaitingVoters[i].Deadline);
            }
        }

        ForgetAwaited();
    }

    /// <summary>The replica stops: nobody here will learn the rest.</summary>
    public void Stop()
    {
        foreach (PendingProposal proposal in _byIndex.Values)
        {
            proposal.Complete(ProposalStatus.Unknown);
        }

        foreach (PendingProposal proposal in _awaitingVoters)
        {
            CompleteEverywhere(proposal, []);
        }

        _byIndex.Clear();
        _awaitingVoters.Clear();
        _awaitingPersistence.Clear();
        ForgetAwaited();
    }

    private static void CompleteEverywhere(PendingProposal proposal, IReadOnlyList<FollowerStatus> members)
    {
        List<ReplicaId> acked = [];
        List<ReplicaId> absent = [];
        foreach (FollowerStatus member in members.Where(m => m.IsVoter))
        {
            (member.Applied >= proposal.Position.Index ? acked : absent).Add(member.Replica);
        }

        proposal.Complete(new ProposalResult(ProposalStatus.Applied, proposal.Position, proposal.Result, acked, absent));
    }

    private void ForgetAwaited()
    {
        if (_awaitingVoters.Count == 0)
        {
            AwaitedEverywhere = LogIndex.Zero;
        }
    }
}
