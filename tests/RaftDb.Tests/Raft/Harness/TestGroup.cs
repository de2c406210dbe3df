using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>Replicas joined by a network in memory that delivers in order of sending, on virtual time. Nothing happens unless a test asks
/// for it.</summary>
internal sealed class TestGroup
{
    private readonly SortedDictionary<ReplicaId, TestReplica> _replicas = [];
    private readonly Queue<Message> _network = new();
    private readonly SortedSet<ReplicaId> _down = [];

    public TestGroup(RaftOptions options, Configuration configuration, params ulong[] ids)
    {
        Options = options with { CheckInvariants = true };
        foreach (ulong id in ids)
        {
            Add(id, configuration);
        }
    }

    public RaftOptions Options { get; }

    public Instant Now { get; private set; } = new(1_000_000);

    /// <summary>Messages for which this is true are lost.</summary>
    public Func<Message, bool> Lose { get; set; } = _ => false;

    /// <summary>Whether snapshots that are asked for are carried over with the messages.</summary>
    public bool AutoSnapshots { get; set; } = true;

    public List<Message> Delivered { get; } = [];

    public TestReplica this[ulong id] => _replicas[new ReplicaId(id)];

    public IEnumerable<TestReplica> Replicas => _replicas.Values;

    public static TestGroup OfVoters(int count, RaftOptions? options = null)
    {
        ulong[] ids = [.. Enumerable.Range(1, count).Select(i => (ulong)i)];
        return new TestGroup(
            options ?? new RaftOptions(), Configuration.OfVoters(ids.Select(id => new ReplicaId(id))), ids);
    }

    /// <summary>A group of voters that replica 1 leads, with its first entry applied everywhere.</summary>
    public static TestGroup Led(int count, RaftOptions? options = null)
    {
        TestGroup group = OfVoters(count, options);
        group.Elect(1);
        return group;
    }

    public TestReplica Add(ulong id, Configuration configuration, Action<TestReplica>? prepare = null)
    {
        var replica = new TestReplica(new ReplicaId(id), Options, configuration, id * 1000) { Now = Now };
        prepare?.Invoke(replica);
        replica.Start();
        _replicas.Add(replica.Id, replica);
        return replica;
    }

    public void Elect(ulong id)
    {
        this[id].Step(new Input.Campaign());
        Deliver();
        Assert.That(this[id].Node.Role, Is.EqualTo(Role.Leader), $"replica {id} did not win");
    }

    public TestReplica? Leader =>
        Replicas.Where(r => !_down.Contains(r.Id) && r.Node.Role == Role.Leader).MaxBy(r => r.Node.Term);

    public void Stop(ulong id) => _down.Add(new ReplicaId(id));

    public void Restart(ulong id, bool suspect = false)
    {
        _down.Remove(new ReplicaId(id));
        this[id].Now = Now;
        this[id].Start(suspect);
    }

    public bool IsUp(TestReplica replica) => !_down.Contains(replica.Id);

    public void Isolate(params ulong[] ids) =>
        Lose = m => ids.Contains(m.From.Value) || ids.Contains(m.To.Value);

    public void Heal() => Lose = _ => false;

    /// <summary>Collects what replicas have to send and delivers it, until nothing is left.</summary>
    public void Deliver(int limit = 100_000)
    {
        while (DeliverOnce())
        {
            Assert.That(limit--, Is.GreaterThan(0), "messages go round forever");
        }
    }

    /// <summary>Delivers what is under way now, and not what it causes.</summary>
    public bool DeliverOnce()
    {
        foreach (TestReplica replica in Replicas)
        {
            foreach (Message message in replica.TakeMessages())
            {
                if (IsUp(replica))
                {
                    _network.Enqueue(message);
                }
            }
        }

        int count = _network.Count;
        for (int i = 0; i < count; i++)
        {
            Message message = _network.Dequeue();
            if (!Lose(message) && _replicas.TryGetValue(message.To, out TestReplica? to) && IsUp(to))
            {
                Delivered.Add(message);
                to.Receive(message);
            }
        }

        return CarrySnapshots() || count > 0;
    }

    /// <summary>Carries the snapshots that leaders want sent, at once and as a whole.</summary>
    private bool CarrySnapshots()
    {
        bool carried = false;
        foreach (TestReplica sender in Replicas.Where(r => IsUp(r) && AutoSnapshots))
        {
            List<ReplicaId> wanted = [.. sender.SnapshotsToSend];
            sender.SnapshotsToSend.Clear();
            foreach (ReplicaId id in wanted)
            {
                carried = true;
                var snapshot = new SnapshotMetadata(
                    new LogPosition(sender.Applied, sender.Node.TermOf(sender.Applied)), sender.AppliedConfiguration);
                var message = new InstallSnapshot(sender.Id, id, sender.Node.Term, snapshot);
                bool arrives = !Lose(message) && _replicas.TryGetValue(id, out TestReplica? to) && IsUp(to);
                if (arrives)
                {
                    this[id.Value].Receive(message);
                    if (this[id.Value].SnapshotToInstall is not null)
                    {
                        this[id.Value].CompleteSnapshot();
                    }
                }

                sender.Step(new Input.SnapshotSent(id, snapshot.Position, arrives));
            }
        }

        return carried;
    }

    /// <summary>Lets time pass, timer by timer, delivering as it goes.</summary>
    public void Run(TimeSpan duration)
    {
        Deliver();
        Instant end = Now + duration;
        while (true)
        {
            Instant next = end;
            foreach (TestReplica replica in Replicas.Where(IsUp))
            {
                next = Instant.Min(next, replica.Node.NextDeadline);
            }

            SetTime(next < Now ? Now : next);
            foreach (TestReplica replica in Replicas.Where(IsUp))
            {
                if (replica.Node.NextDeadline <= Now)
                {
                    replica.Step(Input.Tick.Instance);
                }
            }

            Deliver();
            if (Now >= end)
            {
                return;
            }
        }
    }

    public void RunSeconds(double seconds) => Run(TimeSpan.FromSeconds(seconds));

    /// <summary>Lets time pass until something holds.</summary>
    public void RunUntil(Func<bool> holds, double seconds, string what)
    {
        for (double passed = 0; passed < seconds; passed += 0.005)
        {
            if (holds())
            {
                return;
            }

            RunSeconds(0.005);
        }

        Assert.That(holds(), Is.True, $"within {seconds} s: {what}");
    }

    /// <summary>Moves the clock without firing anything.</summary>
    public void SetTime(Instant now)
    {
        Now = now;
        foreach (TestReplica replica in Replicas)
        {
            replica.Now = now;
        }
    }

    public ProposalOutcome Propose(ulong id, params string[] commands)
    {
        this[id].Step(Inputs.Propose(commands));
        return this[id].Proposals[^1];
    }
}

/// <summary>Short ways to make inputs and entries.</summary>
internal static class Inputs
{
    public static Input Propose(params string[] commands) =>
        new Input.Propose([.. commands.Select(c => (ReadOnlyMemory<byte>)System.Text.Encoding.UTF8.GetBytes(c))]);

    public static Entry Command(ulong term, ulong index, string data = "x") =>
        new(new Term(term), new LogIndex(index), EntryKind.Command, System.Text.Encoding.UTF8.GetBytes(data));

    public static LogPosition Position(ulong index, ulong term) => new(new LogIndex(index), new Term(term));

    /// <summary>A log by the terms of its entries, from index 1 on.</summary>
    public static IEnumerable<Entry> LogOf(params ulong[] terms) =>
        terms.Select((term, i) => Command(term, (ulong)i + 1, $"t{term}i{i + 1}"));
}
