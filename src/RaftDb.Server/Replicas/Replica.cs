using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Replicas;

/// <summary>Drives one <see cref="RaftNode"/>: takes what has come into its inbox, steps the node, and does what it says. Anybody may post; everything else is
/// done by the one loop that owns the replica, in <see cref="Process"/>, but for what is marked thread-safe.</summary>
internal sealed class Replica : ILoopMember
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(20);

    private readonly IReplicaHost _host;
    private readonly RaftNode _node;
    private readonly ApplyPipeline _apply;
    private readonly PendingProposals _proposals = new();
    private readonly PendingReads _reads;
    private readonly PendingTransfers _transfers = new();
    private readonly RefusedWrites _refused = new();
    private readonly SnapshotInstallation _installation;
    private readonly ReplicaInbox _inbox = new();
    private readonly List<Input> _inputs = [];
    private readonly NewProposals _newProposals;
    private readonly SenderNodes _senders = new();
    private List<object> _taken = [];
    private volatile Leadership _leadership;
    private volatile StateHandle _state;
    private volatile ReadProof? _proof;
    private volatile string? _halted;
    private volatile IReadOnlyList<FollowerStatus> _lastFollowers = [];
    private Instant _lookAt;
    private LogIndex _handedOut;
    private Instant _sweepAt = Instant.Never;
    private Instant _sweptAt;

    public Replica(IReplicaHost host, RangeId range, RaftOptions options, RaftStart start, StateHandle state, ulong seed)
    {
        _host = host;
        Range = range;
        Id = start.Replica;
        _state = state;
        _node = new RaftNode(options, start, host.Binlog.Reader(range), host.Now, seed);
        _reads = new PendingReads(Mutants.ReadContextsRestart ? 0 : seed);
        _apply = new ApplyPipeline(this, host);
        _newProposals = new NewProposals(_proposals, _refused, _apply, host.Metrics);
        Marks = new MarkedViews(this, host);
        Checkpoints = new CheckpointPolicy(this, host);
        Snapshots = new SnapshotSender(this, host);
        _installation = new SnapshotInstallation(this, host);
        Expiry = new ExpirySchedule(this, host);
        _leadership = new Leadership(_node.Role, _node.Term, null);
    }

    /// <summary>The range.</summary>
    public RangeId Range { get; }

    /// <summary>This replica's id.</summary>
    public ReplicaId Id { get; }

    /// <summary>The state; another one after a snapshot was installed. Thread-safe.</summary>
    public StateHandle State => _state;

    /// <summary>Whether another replica in the place of this halted one can do what this one can't: not so when the whole node lacks something. Thread-safe.</summary>
    public bool IsHelpedByRebuild { get; set; } = true;

    /// <summary>Somebody changes the members of this range right now and sees it through: nobody else should. Thread-safe.</summary>
    public ChangeClaim Change { get; } = new();

    /// <summary>Whether this replica is new and still waits for its first snapshot: it has nothing to show. Thread-safe.</summary>
    public bool IsBlank => _state.Machine.Configuration.Voters.Count == 0;

    /// <summary>Whether it votes, as far as it has applied: who does not may have been removed without hearing of it, and believes in its last leader for ever. Thread-safe.</summary>
    public bool IsVoter => _state.Machine.Configuration.IsVoter(Id);

    /// <summary>Who leads. Thread-safe.</summary>
    public Leadership Leadership => _leadership;

    /// <summary>The youngest proof of freshness. Thread-safe.</summary>
    public ReadProof? Proof => _proof;

    /// <summary>Why this replica has stopped; null while it works. Thread-safe.</summary>
    public string? Halted => _halted;

    /// <summary>Whether what is committed can't be applied for lack of room on the disk. Thread-safe.</summary>
    public bool IsStuck => _apply.IsStuck;

    /// <summary>Proposals that were not taken from the inbox yet. Thread-safe.</summary>
    public int QueuedProposals => _inbox.Proposals;

    /// <summary>What a leader knew of its followers at the last look, at most a second ago; empty for others. Thread-safe.</summary>
    public IReadOnlyList<FollowerStatus> LastFollowers => _lastFollowers;

    /// <summary>When <see cref="Process"/> is to be called next, even with an empty inbox.</summary>
    public Instant NextDeadline { get; private set; }

    /// <summary>The consensus core. For the simulator's checks, which look between two passes.</summary>
    internal RaftNode Consensus => _node;

    public CheckpointPolicy Checkpoints { get; }

    public SnapshotSender Snapshots { get; }

    public ExpirySchedule Expiry { get; }

    public MarkedViews Marks { get; }

    public ApplySignal Applies { get; } = new();

    /// <summary>Puts something into the inbox. Thread-safe.</summary>
    public void Post(object item) => Post(item, patient: false);

    /// <summary>Puts a result of the replica's own work into the inbox, which somebody may wait for. Thread-safe.</summary>
    public void PostResult(object result, Attention kind) => _host.Wake(this, _inbox.AddResult(result, kind));

    /// <summary>Takes a message that came from a node. Thread-safe.</summary>
    public void Receive(NodeId from, Message message)
    {
        _senders.Heard(message.From, from);
        Post(new Input.MessageReceived(message), patient: message is AppendEntries { Entries.Count: > 0 });
    }

    /// <summary>Proposes a change of membership; says where it was appended, or why not. Thread-safe.</summary>
    public Task<ProposalOutcome> ProposeChangeAsync(ConfigurationChange change)
    {
        PendingChange pending = new(change);
        Post(pending);
        return pending.Completion;
    }

    /// <summary>Proposes a command and waits for what <paramref name="ack"/> asks. Never later than the deadline (and a sweep). Thread-safe.</summary>
    public Task<ProposalResult> ProposeAsync(ReadOnlyMemory<byte> command, AckMode ack, Instant deadline)
    {
        PendingProposal proposal = new(command, ack, deadline);
        if (!_inbox.TryReserveProposal())
        {
            return Task.FromResult(new ProposalResult(ProposalStatus.Overloaded));
        }

        Post(proposal, patient: true);
        return proposal.Completion;
    }

    /// <summary>Waits until this replica shows everything that was committed before the call (a read index confirmed by a quorum). Thread-safe.</summary>
    public Task<ReadResult> ReadIndexAsync(Instant deadline)
    {
        PendingRead read = new(null, deadline);
        Post(read);
        return read.Completion;
    }

    /// <summary>Waits until an index is applied here. Thread-safe.</summary>
    public Task<ReadResult> WaitAppliedAsync(LogIndex index, Instant deadline)
    {
        PendingRead read = new(index, deadline);
        Post(read);
        return read.Completion;
    }

    /// <summary>One pass of the spine. Called by the replica's loop only.</summary>
    public void Process(PassOutput output)
    {
        Instant now = _host.Now;

        // 1. Take the inbox and turn it into inputs: all proposals become one, all new reads share one read index.
        _taken = _inbox.Take(_taken);
        if (_halted is not null)
        {
            RefuseAll();
            return;
        }

        GatherInputs(now);

        // 2. Step the node. It says what to persist, send, apply and answer.
        Ready ready = _node.Step(now, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_inputs));
        _inputs.Clear();

        // 3. Persist hard state and entries in one write; what depends on it is sent when it is durable.
        Persist(ready, output);

        // 4. Send what depends on nothing.
        foreach (Message message in ready.Messages)
        {
            Send(message, output);
        }

        // 5. Apply what is committed; the results come back to the inbox.
        if (ready.Committed.Count > 0)
        {
            _host.Metrics.Committed(ready.Committed.Count);
            _handedOut = ready.Committed[^1].Index;
            _apply.Enqueue(ready, _proposals.Awaiting(ready.Committed));
        }

        // 6. Snapshots: to a follower that needs one, or one that was received.
        foreach (ReplicaId follower in ready.SnapshotsToSend)
        {
            Snapshots.Start(follower, _node.Term);
        }

        _installation.Continue(ready.SnapshotToInstall, _node.Applied >= _handedOut, output);

        // 7. Tell who waits: proposals' fates, confirmed reads, transfers, the role.
        Answer(ready, now);

        // 8. Say when to come again, and what to be woken for.
        NextDeadline = _inbox.Attend(Attends()) ? now : NextTime();
    }

    /// <summary>What status shows. Called by the loop; the answer is complete at once.</summary>
    public ReplicaReport Report(Instant now) =>
        new(_node.Role, _node.Term, _leadership.Leader, _node.Commit, _node.Applied, _node.Last.Index, _node.Floor.Index, _node.Followers(now), _halted);

    /// <summary>Stops for good, with the reason; reads and writes here are refused from now on. Thread-safe.</summary>
    public void Halt(string reason)
    {
        _halted ??= reason;
        Post(HaltRequested.Instance);
    }

    /// <summary>Takes the place of the state after a snapshot's commit point. Called by the loop.</summary>
    public void SwapState(StateHandle next, SnapshotMetadata snapshot)
    {
        StateHandle old = _state;
        _state = next;
        _host.Metrics.SnapshotReceived();
        string file = old.Machine.FileName;
        _host.RunInBackground("closing the state that a snapshot replaced", _ =>
        {
            old.Retire(() => _host.Store.Delete(Range, file));
            return Task.CompletedTask;
        });
        _proposals.SnapshotInstalled(snapshot.Position.Index);

        // In this very pass, before whatever came behind it: the log's floor may be told already, and stands on it.
        _reads.Applied(snapshot.Position.Index);
        _inputs.Add(new Input.SnapshotInstalled(snapshot));
    }

    /// <summary>What ends in a write anyway is <paramref name="patient"/>: a busy disk would let it wait too, and a pass for many costs little more than one for one.</summary>
    private void Post(object item, bool patient) => _host.Wake(this, _inbox.Add(item, patient));

    private void GatherInputs(Instant now)
    {
        foreach (object item in _taken)
        {
            switch (item)
            {
                case PendingProposal proposal:
                    _inbox.ReleaseProposal();
                    _newProposals.Admit(proposal, now);
                    break;
                case PendingChange change:
                    _newProposals.Admit(change);
                    break;
                case PendingRead read:
                    _reads.Add(read);
                    break;
                case Input.EntriesPersisted persisted:
                    _proposals.Persisted(persisted.Last);
                    _inputs.Add(persisted);
                    break;
                case Input input:
                    _inputs.Add(input);
                    break;
                case ApplyDone done:
                    LogIndex applied = done.Entries[^1].Index;
                    _inputs.Add(new Input.Applied(applied));
                    _proposals.Applied(done.Entries, done.Results);
                    _reads.Applied(applied);
                    Checkpoints.Applied(done.Entries.Count);
                    break;
                case ApplyStuck:
                    _apply.Stuck(now);
                    break;
                case BinlogWrite refused:
                    _refused.Add(refused, now);
                    break;
                case PendingTransfer transfer:
                    _transfers.Add(transfer);
                    _inputs.Add(new Input.TransferLeadership(transfer.To));
                    break;
                case ReceivedSnapshot received:
                    _installation.Received(received);
                    _inputs.Add(new Input.MessageReceived(received.Message));
                    break;
                case SnapshotCommitted committed:
                    _installation.Committed(committed);
                    break;
                case ReportRequest request:
                    request.Complete(Report(now));
                    break;
                case HaltRequested:
                    break;
                default:
                    throw new InvariantBrokenException($"Replica {Id} of range {Range} was posted a {item.GetType().Name}.");
            }
        }

        _taken.Clear();
        _newProposals.AddTo(_inputs);

        // Reads wait for entries that are applied already without a pass of their own.
        _reads.Applied(_node.Applied);
        if (_reads.Ask(now) is { } context)
        {
            _inputs.Add(new Input.ReadIndex(context));
        }

        if (_proposals.AwaitedEverywhere > LogIndex.Zero)
        {
            _inputs.Add(new Input.RequestAppliedReports(_proposals.AwaitedEverywhere));
        }
    }

    private void Persist(Ready ready, PassOutput output)
    {
        // With nothing to write messages still wait for earlier writes: an empty write keeps the order.
        if (ready.HardState is null && ready.Entries.Count == 0 && ready.MessagesAfterPersist.Count == 0)
        {
            _refused.Retry(_host.Now, output);
            return;
        }

        BinlogWrite write = new()
        {
            Range = Range,
            Replica = Id,
            HardState = ready.HardState,
            Entries = ready.Entries,
            MustSync = ready.MustSync,
            State = ready,
            Completed = Persisted,
            Refused = Post,
            Order = _refused.NextOrder(),
        };
        _refused.Write(write, output);
        _refused.Retry(_host.Now, output);
    }

    /// <summary>Called on the binlog's writer thread: what waited for the disk may leave now, without another hop.</summary>
    private void Persisted(BinlogWrite write)
    {
        if (write.Entries.Count > 0)
        {
            // Before anybody else can hear of it: the answer to what is sent now may come at once, and depend on it.
            Entry last = write.Entries[^1];
            PostResult(new Input.EntriesPersisted(new LogPosition(last.Index, last.Term)), Attention.Persisted);
        }

        Ready ready = (Ready)write.State!;
        if (ready.MessagesAfterPersist.Count > 0 && _halted is null)
        {
            PassOutput output = new();
            foreach (Message message in ready.MessagesAfterPersist)
            {
                Send(message, output);
            }

            output.Flush(_host.Binlog, _host.Transport);
        }
    }

    private void Send(Message message, PassOutput output)
    {
        if (message.To == Id)
        {
            Post(new Input.MessageReceived(message));
            return;
        }

        NodeId node = NodeOf(message.To);
        if (node != default)
        {
            output.Send(node, new RangeMessage(Range, message));
        }
    }

    private NodeId NodeOf(ReplicaId replica)
    {
        NodeId node = _state.Machine.Descriptor.NodeOf(replica);
        return node == default ? _senders.NodeOf(replica) : node;
    }

    private void Answer(Ready ready, Instant now)
    {
        _newProposals.Answer(ready.Proposals);
        foreach (ReadOutcome outcome in ready.Reads)
        {
            _reads.Confirmed(outcome, now);
        }

        if (_reads.LastConfirmed is { } confirmed && (_proof is null || confirmed.AsOf > _proof.AsOf))
        {
            _proof = new ReadProof(confirmed.AsOf, confirmed.Index);
        }

        if (ready.Reads.Count > 0)
        {
            _reads.Applied(_node.Applied);
        }

        foreach (TransferOutcome outcome in ready.Transfers)
        {
            _transfers.Ended(outcome);
        }

        if (_proposals.AwaitedEverywhere > LogIndex.Zero)
        {
            _proposals.VotersReported(_node.Followers(now));
        }

        if (ready.RoleChanged)
        {
            RoleChanged();
        }

        if (now >= _sweepAt)
        {
            _proposals.Expire(now, _node.Followers(now));
            _reads.Expire(now);
            _sweptAt = now;
        }

        if (now >= _lookAt)
        {
            _lastFollowers = _node.Followers(now);
            _lookAt = now + TimeSpan.FromSeconds(1);
        }

        _apply.Consider(now);
        Checkpoints.Consider(now);
        Expiry.Consider(now, _node.Role == Role.Leader);
        Marks.Consider(now);
    }

    private void RoleChanged()
    {
        Leadership old = _leadership;
        NodeId leader = _node.Leader.IsNone ? default : NodeOf(_node.Leader);
        _leadership = old.Then(_node.Role, _node.Term, leader == default ? null : leader);
        if (_node.Role == Role.Leader && old.Role != Role.Leader)
        {
            _host.Metrics.ElectionWon();
        }
        else if (_node.Role is Role.Candidate && old.Role is not Role.Candidate)
        {
            _host.Metrics.ElectionStarted();
        }

        old.Supersede(_leadership);
        if (_leadership.Leader is { } now && now != old.Leader)
        {
            _reads.LeaderKnown(_host.Now);
        }
    }

    private Attention Attends()
    {
        bool proposals = _proposals.AwaitApplied || _proposals.AwaitedEverywhere > LogIndex.Zero || (_proposals.Count > 0 && _node.Role != Role.Leader);
        bool applied = proposals || _node.AwaitsApplied || _reads.Count > 0 || _installation.IsUnderWay;
        return (_node.AwaitsPersisted || _proposals.AwaitPersisted ? Attention.Persisted : Attention.None) | (applied ? Attention.Applied : Attention.None);
    }

    private Instant NextTime()
    {
        Instant next = Instant.Min(_node.NextDeadline, Instant.Min(_reads.RetryAt, Instant.Min(_refused.RetryAt, _apply.RetryAt)));
        next = Instant.Min(next, Instant.Min(Checkpoints.NextTime, Instant.Min(Expiry.NextTime, Marks.NextTime)));

        // When many deadlines come one after the other, they are looked at together.
        Instant soonest = _sweptAt + SweepInterval;
        Instant earliest = _proposals.Count + _reads.Count > 0 ? Instant.Min(_proposals.EarliestDeadline, _reads.EarliestDeadline) : Instant.Never;
        _sweepAt = earliest < soonest ? soonest : earliest;
        return Instant.Min(next, _sweepAt);
    }

    private void RefuseAll()
    {
        HaltedInbox.Refuse(_taken, _halted!, _inbox, _proposals, Report(_host.Now));
        _proposals.Stop();
        _reads.Stop();
        _transfers.Stop(_halted!);
        Marks.Stop();
        Leadership old = _leadership;
        _leadership = old.ThenUnused();
        old.Supersede(_leadership);

        NextDeadline = Instant.Never;
    }
}
