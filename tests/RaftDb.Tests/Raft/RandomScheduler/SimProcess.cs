using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>What a <see cref="SimNode"/> has in memory while it runs: inbox, timer, the node, and what was handed to disk and state machine.</summary>
internal sealed class SimProcess
{
    private readonly SimWorld _world;
    private readonly SimNode _node;
    private readonly LocalClock _clock;
    private readonly SeededRandom _random;
    private readonly List<Input> _inbox = [];
    private readonly SimWriter _writer;
    private readonly SimApplier _applier;
    private readonly Dictionary<LogPosition, MachineState> _received = [];
    private readonly ProposalBook _proposals;
    private bool _drainDue;
    private long _wakeAt = long.MaxValue;

    public SimProcess(SimWorld world, SimNode node, LocalClock clock, SeededRandom random)
    {
        (_world, _node, _clock, _random) = (world, node, clock, random);
        _writer = new(world, node, random.Split(), Send, Post, Install);
        _applier = new(world, node, random.Split(), Post, entry => _proposals!.Applied(entry));
        _proposals = new(world);
        View = node.Disk.Log.Copy();
        Raft = new RaftNode(
            world.Swarm.Raft, node.Disk.Start(node.Id, _applier.Machine), node.Disk, Now, random.Next());
    }

    public RaftNode Raft { get; }

    /// <summary>The log as this process has it, durable or not.</summary>
    public ChainedLog View { get; }

    public MachineState Machine => _applier.Machine;

    /// <summary>A snapshot was asked to be installed and isn't yet: the node's log is between two states.</summary>
    public bool IsInstalling { get; private set; }

    public Instant Now => _clock.At(_world.Time.Now);

    public void Boot()
    {
        _world.Checks.Started(_node, this);
        Step();
    }

    public void Die()
    {
        _writer.Crash();
        _applier.Crash();
    }

    public void Post(Input input)
    {
        _inbox.Add(input);
        if (!_drainDue)
        {
            _drainDue = true;
            _node.After(_world.Duration(_node, _random, _world.Swarm.MaxBatch), Drain);
        }
    }

    /// <summary>The snapshot's data is there: tells the node in the sender's name.</summary>
    public void Receive(MachineState snapshot, InstallSnapshot message)
    {
        _received[snapshot.Position] = snapshot;
        Post(new Input.MessageReceived(message));
    }

    /// <summary>Checkpoints the state machine, and drops the log up to somewhere before.</summary>
    public void Compact()
    {
        if (IsInstalling)
        {
            return;
        }

        _applier.Checkpoint();
        var log = _node.Disk.Log;
        var most = _node.Disk.Checkpoint.Position.Index;
        if (most <= log.Floor.Index)
        {
            return;
        }

        var to = log.Floor.Index + (ulong)_random.Between(1, (long)(most - log.Floor.Index));
        Drain();
        if (IsInstalling || to <= log.Floor.Index)
        {
            return;
        }

        _world.Marks.Hit("compactions");
        Step(new Input.LogCompacted(new(to, log.TermAt(to))));
        log.Compact(to);
        View.Compact(to);
        Check.That(Raft.Floor == log.Floor, $"the node's floor is {Raft.Floor}, its log's {log.Floor}");
    }

    private void Drain()
    {
        _drainDue = false;
        if (_inbox.Count > 0)
        {
            var inputs = _inbox.ToArray();
            _inbox.Clear();
            Step(inputs);
        }
    }

    private void Wake()
    {
        _wakeAt = long.MaxValue;
        if (Raft.NextDeadline <= Now)
        {
            Step(Input.Tick.Instance);
        }
        else
        {
            SetAlarm();
        }
    }

    private void SetAlarm()
    {
        if (Raft.NextDeadline == Instant.Never)
        {
            return;
        }

        var at = Math.Max(_world.Time.Now, _clock.When(Raft.NextDeadline));
        if (at < _wakeAt)
        {
            _wakeAt = at;
            _node.After(at - _world.Time.Now, () =>
            {
                if (_wakeAt == at)
                {
                    Wake();
                }
            });
        }
    }

    private void Step(params Input[] inputs)
    {
        foreach (var input in inputs)
        {
            _world.Trace.Add($"{_node.Id} <-", input);
        }

        var ready = Raft.Step(Now, inputs);
        _world.Trace.Add($"{_node.Id}   {Raft.Role}", ready);
        Handle(inputs, ready);
        SetAlarm();
    }

    /// <summary>In the order that <see cref="Ready"/> prescribes.</summary>
    private void Handle(Input[] inputs, Ready ready)
    {
        foreach (var input in inputs)
        {
            if (input is Input.SnapshotInstalled installed)
            {
                View.Reset(installed.Snapshot.Position, Machine.Chain);
                IsInstalling = false;
            }
        }

        if (ready.Entries.Count > 0)
        {
            if (ready.Entries[0].Index <= View.Last.Index)
            {
                _world.Marks.Hit("conflicts overwritten");
            }

            View.Append(ready.Entries);
        }

        _world.Checks.Stepped(_node, this);
        _proposals.Take(inputs, ready.Proposals);
        foreach (var message in ready.Messages)
        {
            Send(message);
        }

        MachineState? snapshot = null;
        if (ready.SnapshotToInstall is { } metadata)
        {
            IsInstalling = true;
            snapshot = _received[metadata.Position];
            Check.That(snapshot.Configuration == metadata.Configuration, $"the snapshot's configuration is {metadata.Configuration}");
        }

        _writer.Write(new(ready.HardState, ready.Entries, snapshot, ready.MessagesAfterPersist));
        _applier.Apply(ready.Committed, ready.Configurations);
        foreach (var follower in ready.SnapshotsToSend)
        {
            _world.SendSnapshot(_node, follower, Machine);
        }

        foreach (var read in ready.Reads)
        {
            _world.Checks.Reads.Answered(_node.Id, read);
        }

        foreach (var transfer in ready.Transfers)
        {
            _world.Marks.Hit(transfer.Succeeded ? "transfers done" : "transfers failed");
        }
    }

    private void Install(MachineState snapshot)
    {
        _world.Marks.Hit("snapshots installed");
        _applier.Replace(snapshot);
        Post(new Input.SnapshotInstalled(snapshot.Metadata));
    }

    private void Send(Message message)
    {
        _world.Checks.Promises.Sent(_node, message);
        if (message.To == _node.Id)
        {
            Post(new Input.MessageReceived(message));
        }
        else
        {
            _world.Network.Send(message);
        }
    }
}
