using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Raft.Reads;
using RaftDb.Raft.Replication;

namespace RaftDb.Raft;

/// <summary>What a replica does while it leads one term: a new object for each.</summary>
internal sealed class Leader
{
    private readonly NodeState _state;
    private readonly Roles _roles;
    private readonly ProgressTracker _tracker;
    private readonly Replicator _replicator;
    private readonly Proposals _proposals;
    private readonly HeartbeatRounds _rounds;
    private readonly ReadIndexTracker _reads;
    private readonly LeaseTracker _lease;
    private readonly Quiescence _quiescence;
    private Instant _heartbeatDue;
    private Instant _quorumCheckDue;

    public Leader(NodeState state, Roles roles)
    {
        _state = state;
        _roles = roles;
        _tracker = new ProgressTracker(state);
        _replicator = new Replicator(state, _tracker);
        _proposals = new Proposals(state, roles.Transfer);
        _rounds = new HeartbeatRounds(state, _tracker);
        _reads = new ReadIndexTracker(state, _replicator);
        _lease = new LeaseTracker(state.Options, _rounds);
        _quiescence = new Quiescence(state, _tracker);
        _heartbeatDue = state.Now;
        _quorumCheckDue = state.Now + state.Options.ElectionTimeout;
    }

    public ProgressTracker Tracker => _tracker;

    public Instant Deadline
    {
        get
        {
            Instant deadline = Instant.Min(Instant.Min(_heartbeatDue, _replicator.NoticeAt), _roles.Transfer.Deadline);
            return _state.Options.CheckQuorum ? Instant.Min(deadline, _quorumCheckDue) : deadline;
        }
    }

    /// <summary>Whether more would be committed if more of the own log were durable. Before others have it too that changes nothing.</summary>
    public bool AwaitsPersisted => _tracker.QuorumMatchOncePersisted() > _state.Log.Commit;

    public bool HoldsLease(Instant now) => _proposals.HasCommittedInTerm && _lease.IsHeld(now);

    public void Start() => _proposals.AppendFirstOfTerm();

    /// <summary>Leads no more.</summary>
    public void Retire() => _reads.RefuseAll();

    /// <summary>The quiet group has something to do again: everybody gets a fresh chance to be heard.</summary>
    public void Wake()
    {
        _quiescence.Disturb();
        _heartbeatDue = _state.Now;
        _quorumCheckDue = _state.Now + _state.Options.ElectionTimeout;
        foreach (Progress member in _tracker.Members)
        {
            member.HeardInWindow = true;
            member.LastHeard = _state.Now;
        }
    }

    public void OnTimer()
    {
        if (_state.Options.CheckQuorum && _quorumCheckDue <= _state.Now)
        {
            _quorumCheckDue = _state.Now + _state.Options.ElectionTimeout;
            if (!_tracker.QuorumHeardSinceLastCheck())
            {
                _roles.BecomeFollower(_state.Term, ReplicaId.None);
                return;
            }
        }

        if (_heartbeatDue > _state.Now)
        {
            return;
        }

        bool busy = !_reads.IsIdle || _roles.Transfer.IsActive;
        bool quiesce = _quiescence.IsDue(_rounds, busy);
        BroadcastHeartbeats(quiesce);
        _state.Quiet = quiesce;
        if (_roles.Transfer.TimeoutNowSent)
        {
            // It may have been lost; the receiver ignores all but the first.
            _roles.Transfer.TimeoutNowSent = false;
        }
    }

    public ProposalOutcome Propose(IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        _quiescence.Disturb();
        return _proposals.Propose(commands);
    }

    public ProposalOutcome ProposeChange(ConfigurationChange change)
    {
        _quiescence.Disturb();
        return _proposals.ProposeChange(change);
    }

    public void ReadIndex(ReplicaId from, ulong context)
    {
        _quiescence.Disturb();
        _reads.Add(from, context);
    }

    public void AskForAppliedReports(LogIndex index) => _replicator.AskForReports(index);

    public void TransferTo(ReplicaId target)
    {
        if (target == _state.Self)
        {
            _roles.Transfer.Refuse(target, "it leads already");
        }
        else if (!MembershipState.Contains(_state.Membership.Current.Voters, target))
        {
            _roles.Transfer.Refuse(target, "it is not a voter");
        }
        else if (_tracker.Find(target) is not { } member || !_tracker.IsLive(member, _state.Now))
        {
            _roles.Transfer.Refuse(target, "it was not heard from within an election timeout");
        }
        else if (_roles.Transfer.Target == target)
        {
            _roles.Transfer.Refuse(target, "this transfer is under way already");
        }
        else
        {
            _roles.Transfer.Abort($"a transfer to replica {target} took its place");
            _roles.Transfer.Begin(target);
        }
    }

    public void OnAppendEntriesResponse(AppendEntriesResponse response)
    {
        if (Hear(response) is not { } member || response.Match > _state.Log.LastIndex)
        {
            return;
        }

        member.ReportApplied(response.Applied);
        if (response.Rejected)
        {
            _replicator.OnRejected(member, response);
        }
        else if (_replicator.OnAccepted(member, response.Match))
        {
            CommitByCounting();
        }
    }

    public void OnHeartbeatResponse(HeartbeatResponse response)
    {
        if (Hear(response) is not { } member)
        {
            return;
        }

        member.ReportApplied(response.Applied);
        _replicator.OnSignOfLife(member);
        _rounds.OnAnswer(member, response.ReadRound);
        CountRounds();
    }

    public void OnSnapshotSent(Input.SnapshotSent sent)
    {
        if (_tracker.Find(sent.Follower) is not { State: ProgressState.Snapshot } member)
        {
            return;
        }

        // Sent or failed, the next step waits for a sign of life: a failure isn't retried in a tight loop.
        member.AwaitInstalled(sent.Succeeded ? sent.Position : LogPosition.Zero);
    }

    public void OnUnreachable(ReplicaId replica)
    {
        if (_tracker.Find(replica) is { State: ProgressState.Replicate } member)
        {
            member.BecomeProbe();
        }
    }

    /// <summary>More of the own log is durable: only now it counts.</summary>
    public void OnPersisted()
    {
        if (_tracker.Find(_state.Self) is { } self && self.Advance(_state.Log.Persisted))
        {
            CommitByCounting();
        }
    }

    public void OnConfigurationApplied()
    {
        if (!_state.Membership.IsVoter(_state.Self))
        {
            // It led on without being counted until the change that removes it was committed (thesis 4.2.2).
            HandOverToBest();
            _roles.BecomeFollower(_state.Term, ReplicaId.None);
            return;
        }

        _tracker.Update();
        if (_roles.Transfer.IsActive &&
            !MembershipState.Contains(_state.Membership.Current.Voters, _roles.Transfer.Target))
        {
            _roles.Transfer.Abort("it is no voter any more");
        }

        CommitByCounting();
        CountRounds();
    }

    /// <summary>The last entries of a step, before it is decided what is written and sent.</summary>
    public void FinishLog() => _proposals.LeaveJointWhereDue();

    /// <summary>Sends what became due in this step, once.</summary>
    public void Flush()
    {
        if (_reads.WantsRound && MayConfirmReads)
        {
            BroadcastHeartbeats(quiesce: false);
        }

        _replicator.Flush();
        HandOverWhereDue();
    }

    /// <summary>Before an entry of its own term is committed a leader doesn't know what is (thesis 6.4).</summary>
    private bool MayConfirmReads => _proposals.HasCommittedInTerm || Mutants.ReadIndexWithoutCommitInTerm;

    private Progress? Hear(Message message)
    {
        Progress? member = _tracker.Find(message.From);
        if (member is not null)
        {
            member.LastHeard = _state.Now;
            member.HeardInWindow = true;
        }

        return member;
    }

    /// <summary>Only entries of the own term are committed by counting; they take all before them along (thesis 3.6.2).</summary>
    private void CommitByCounting()
    {
        LogIndex match = _tracker.QuorumMatch();
        if (match <= _state.Log.Commit || (match < _proposals.FirstOfTerm && !Mutants.OldTermCommittedByCounting))
        {
            return;
        }

        _state.Log.CommitTo(match);
        _proposals.Committed();
    }

    private void CountRounds()
    {
        _rounds.Count();
        _reads.RoundConfirmed(_rounds.Confirmed);
    }

    private void BroadcastHeartbeats(bool quiesce)
    {
        ulong round = _rounds.Begin();
        _heartbeatDue = _state.Now + _state.Options.HeartbeatInterval;
        if (MayConfirmReads)
        {
            _reads.RoundBegun(round);
        }

        foreach (Progress member in _tracker.Members)
        {
            if (member.Replica != _state.Self)
            {
                LogIndex commit = Mutants.HeartbeatCommitsBeyondMatch ? _state.Log.Commit : LogIndex.Min(member.Match, _state.Log.Commit);
                _state.Send(new Heartbeat(_state.Self, member.Replica, _state.Term, commit, round, quiesce));
            }
        }

        CountRounds();
    }

    /// <summary>Asks the voter that has most to lead at once, so that the group need not wait for a timer. It hears first what is committed, and has what this leader appended last.</summary>
    private void HandOverToBest()
    {
        if (_roles.Transfer.TimeoutNowSent)
        {
            return;
        }

        Progress? best = null;
        foreach (Progress member in _tracker.Members)
        {
            bool mayLead = MembershipState.Contains(_state.Membership.Current.Voters, member.Replica) && _tracker.IsLive(member, _state.Now);
            if (mayLead && (best is null || Rank(member).CompareTo(Rank(best)) > 0))
            {
                best = member;
            }
        }

        if (best is not null)
        {
            _replicator.Flush();
            BroadcastHeartbeats(quiesce: false);
            _state.Send(new TimeoutNow(_state.Self, best.Replica, _state.Term));
        }

        // Whom a transfer is for goes before the others.
        (bool, ulong) Rank(Progress member) => (member.Replica == _roles.Transfer.Target, member.Match.Value);
    }

    private void HandOverWhereDue()
    {
        LeadershipTransfer transfer = _roles.Transfer;
        if (!transfer.IsActive || transfer.TimeoutNowSent ||
            _tracker.Find(transfer.Target) is not { } member || member.Match != _state.Log.LastIndex)
        {
            return;
        }

        transfer.TimeoutNowSent = true;
        _lease.GiveAway();
        _state.Send(new TimeoutNow(_state.Self, transfer.Target, _state.Term));
    }
}
