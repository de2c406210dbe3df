using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Replication;

namespace RaftDb.Raft;

/// <summary>One replica's part in the consensus of one group, without I/O and without clocks: inputs go in, a <see cref="Ready"/> comes out.
/// Whoever drives it owns it, and makes one call at a time.</summary>
public sealed class RaftNode
{
    private readonly NodeState _state;
    private readonly Roles _roles;
    private readonly MessageGate _gate;
    private readonly Invariants? _invariants;

    /// <summary>Starts from what is durable. <paramref name="seed"/> drives the randomized timeouts.</summary>
    public RaftNode(RaftOptions options, RaftStart start, ILogReader log, Instant now, ulong seed)
    {
        _state = new NodeState(options.Validate(), start, log, now, seed);
        _roles = new Roles(_state);
        _gate = new MessageGate(_state, _roles);
        _invariants = options.CheckInvariants ? new Invariants(_state, _roles) : null;
    }

    /// <summary>When the next timer is due; <see cref="Instant.Never"/> for a quiet group.</summary>
    public Instant NextDeadline
    {
        get
        {
            if (_state.Quiet)
            {
                return Instant.Never;
            }

            return _roles.Leader is { } leader
                ? leader.Deadline
                : Instant.Min(
                    _state.Election.Deadline, Instant.Min(_roles.ForwardedReads.Deadline, _roles.Transfer.Deadline));
        }
    }

    /// <summary>This replica.</summary>
    public ReplicaId Replica => _state.Self;

    /// <summary>The current term.</summary>
    public Term Term => _state.Term;

    /// <summary>The current role.</summary>
    public Role Role => _state.Role;

    /// <summary>The leader of this term, where known.</summary>
    public ReplicaId Leader => _state.Leader;

    /// <summary>The configuration in force (the applied one).</summary>
    public Configuration Configuration => _state.Membership.Current;

    /// <summary>The commit index.</summary>
    public LogIndex Commit => _state.Log.Commit;

    /// <summary>The applied index.</summary>
    public LogIndex Applied => _state.Log.Applied;

    /// <summary>The last index of the own log that is durable.</summary>
    public LogIndex Persisted => _state.Log.Persisted;

    /// <summary>The last entry of the own log, durable or not.</summary>
    public LogPosition Last => _state.Log.Last;

    /// <summary>The entry before the first retained one.</summary>
    public LogPosition Floor => _state.Log.Floor;

    /// <summary>Whether something depends on the news that entries are durable here; otherwise it may wait for the next step.</summary>
    public bool AwaitsPersisted => Commit > Persisted || (_roles.Leader is { } leader ? leader.AwaitsPersisted : Role != Role.Follower);

    /// <summary>Whether something depends on the news that entries are applied; otherwise it may wait for the next step.</summary>
    public bool AwaitsApplied => _state.Applying.HandedOut < Commit || _roles.Follower.OwesReport || _state.Membership.HasUnapplied;

    /// <summary>Whether the group is silent.</summary>
    public bool IsQuiet => _state.Quiet;

    /// <summary>The term of a retained entry or of the floor.</summary>
    public Term TermOf(LogIndex index) => _state.Log.TermOf(index);

    /// <summary>Whether this leader may serve linearizable reads at <paramref name="now"/> without a quorum round. To be asked before <i>and after</i> the read.</summary>
    public bool HoldsLease(Instant now) => _roles.Leader?.HoldsLease(now) ?? false;

    /// <summary>What the leader knows of each member, for status and for synchronous replication; empty unless leader.</summary>
    public IReadOnlyList<FollowerStatus> Followers(Instant now)
    {
        if (_roles.Leader is not { } leader)
        {
            return [];
        }

        var followers = new List<FollowerStatus>(leader.Tracker.Members.Length);
        foreach (Progress member in leader.Tracker.Members)
        {
            bool self = member.Replica == Replica;
            string state = self ? "leader" : member.State switch
            {
                ProgressState.Probe => "probe",
                ProgressState.Replicate => "replicate",
                _ => "snapshot",
            };
            followers.Add(
                new FollowerStatus(
                    member.Replica, member.IsVoter, state, member.Match, self ? Applied : member.Applied,
                    leader.Tracker.IsLive(member, now)));
        }

        return followers;
    }

    /// <summary>Takes inputs in order at one time and says what to do. Timers that are due at <paramref name="now"/> fire first. Time never goes
    /// back.</summary>
    public Ready Step(Instant now, params ReadOnlySpan<Input> inputs)
    {
        // 1. Time passes: due timers fire. What the own disk has done counts by then: a candidate that knew less would ask for votes with less than it has.
        _state.BeginStep(now);
        foreach (Input input in inputs)
        {
            if (input is Input.EntriesPersisted)
            {
                Take(input);
            }
        }

        FireTimers();

        // 2. The other inputs change the state, in order.
        foreach (Input input in inputs)
        {
            if (input is not Input.EntriesPersisted)
            {
                Wake(input);
                Take(input);
            }
        }

        // 3. What was appended becomes one write; then everything that is due is sent, once for the whole batch.
        _roles.Leader?.FinishLog();
        _state.Log.TakeUnwritten(_state.Ready.Entries);
        _roles.Leader?.Flush();

        // 4. Whatever is committed and durable goes to the state machine.
        if (_state.Installing is null && !_state.Suspect)
        {
            _state.Applying.HandOut(_state.Ready);
        }

        Ready ready = _state.EndStep();
        _invariants?.Verify();
        return ready;
    }

    private void FireTimers()
    {
        if (_state.Quiet)
        {
            return;
        }

        _roles.Transfer.OnTimer();
        _roles.ForwardedReads.OnTimer();
        if (_roles.Leader is { } leader)
        {
            leader.OnTimer();
        }
        else if (_state.Election.Deadline <= _state.Now)
        {
            _roles.Candidate.Campaign(transfer: false);
        }
    }

    private void Take(Input input)
    {
        switch (input)
        {
            case Input.MessageReceived received:
                _gate.Take(received.Message);
                break;
            case Input.Propose propose:
                _state.Ready.Proposals.Add(_roles.Leader?.Propose(propose.Commands) ?? NotLeader());
                break;
            case Input.ProposeConfigurationChange propose:
                _state.Ready.Proposals.Add(_roles.Leader?.ProposeChange(propose.Change) ?? NotLeader());
                break;
            case Input.EntriesPersisted persisted:
                if (_state.Log.MarkPersisted(persisted.Last))
                {
                    _roles.Leader?.OnPersisted();
                }

                break;
            case Input.Applied applied:
                OnApplied(applied.Index);
                break;
            case Input.SnapshotInstalled installed:
                _roles.Follower.OnSnapshotInstalled(installed.Snapshot);
                break;
            case Input.SnapshotSent sent:
                _roles.Leader?.OnSnapshotSent(sent);
                break;
            case Input.ReadIndex read:
                OnReadIndex(read.Context);
                break;
            case Input.TransferLeadership transfer:
                OnTransfer(transfer.To);
                break;
            case Input.Campaign:
                _roles.Candidate.Campaign(transfer: false);
                break;
            case Input.Unreachable unreachable:
                _roles.Leader?.OnUnreachable(unreachable.Replica);
                break;
            case Input.ProcessLost lost:
                OnProcessLost(lost.Replica);
                break;
            case Input.LogCompacted compacted:
                _state.Log.MoveFloor(compacted.Floor);
                break;
            case Input.RequestAppliedReports reports:
                _roles.Leader?.AskForAppliedReports(reports.Index);
                break;
            case Input.Tick or Input.Suspected:
                break;
            default:
                Check.That(false, $"there is no rule for {input.GetType().Name}");
                break;
        }
    }

    /// <summary>A quiet group wakes for whatever its members have to talk about; results of the node's own I/O are not of that kind.</summary>
    private void Wake(Input input)
    {
        bool own = input is Input.Tick or Input.EntriesPersisted or Input.Applied or Input.LogCompacted;
        if (!_state.Quiet || own)
        {
            return;
        }

        _state.Quiet = false;
        if (_roles.Leader is { } leader)
        {
            leader.Wake();
        }
        else
        {
            _state.Election.Wake();
        }
    }

    private void OnApplied(LogIndex index)
    {
        if (index <= _state.Log.Applied)
        {
            return;
        }

        _state.Applying.Applied(index);
        _state.Log.MarkApplied(index);
        if (_state.Membership.Applied(index))
        {
            _roles.Leader?.OnConfigurationApplied();
        }

        _roles.Follower.OnApplied(index);
        _roles.Candidate.TakeOverOnceApplied();
    }

    private void OnReadIndex(ulong context)
    {
        if (_roles.Leader is { } leader)
        {
            leader.ReadIndex(Replica, context);
            return;
        }

        _roles.ForwardedReads.Ask(context);
    }

    private void OnTransfer(ReplicaId target)
    {
        if (_roles.Leader is { } leader)
        {
            leader.TransferTo(target);
            return;
        }

        _roles.Transfer.Refuse(target, "this replica does not lead");
    }

    private void OnProcessLost(ReplicaId replica)
    {
        if (_roles.Leader is { } leader)
        {
            leader.OnUnreachable(replica);
        }
        else if (_state.Options.FailoverMode == FailoverMode.Fast && _state.Role == Role.Follower &&
            !replica.IsNone && replica == _state.Leader)
        {
            _state.Election.LeaderDied();
        }
    }

    private static ProposalOutcome NotLeader() => new(0, LogPosition.Zero, ProposalRefusal.NotLeader);
}

/// <summary>A leader's view of one member (itself included).</summary>
/// <param name="Replica">The member.</param>
/// <param name="IsVoter">Voter, or learner.</param>
/// <param name="State">probe, replicate, snapshot, or leader for itself.</param>
/// <param name="Match">The last index known to be durable there and equal.</param>
/// <param name="Applied">The last applied index it reported.</param>
/// <param name="IsLive">Heard from within the election timeout.</param>
public readonly record struct FollowerStatus(
    ReplicaId Replica, bool IsVoter, string State, LogIndex Match, LogIndex Applied, bool IsLive);
