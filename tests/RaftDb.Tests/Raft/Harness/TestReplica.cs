using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>One replica on a disk in memory, driven as the real driver does it: persist, send, apply, report back. Disk and state machine
/// can be held, so that a test decides when a write becomes durable and when an entry is applied.</summary>
internal sealed class TestReplica : ILogReader
{
    private readonly RaftOptions _options;
    private readonly Queue<Ready> _writes = new();
    private readonly Queue<Ready> _applies = new();
    private readonly List<Message> _outbox = [];
    private ulong _seed;

    public TestReplica(ReplicaId id, RaftOptions options, Configuration configuration, ulong seed)
    {
        Id = id;
        _options = options;
        AppliedConfiguration = configuration;
        _seed = seed;
    }

    public ReplicaId Id { get; }

    public RaftNode Node { get; private set; } = null!;

    public Instant Now { get; set; }

    /// <summary>While set, writes stay under way until <see cref="CompleteWrites"/>.</summary>
    public bool HoldDisk { get; set; }

    /// <summary>While set, nothing is applied until <see cref="CompleteApplies"/>.</summary>
    public bool HoldApply { get; set; }

    public HardState HardState { get; set; }

    public LogPosition Floor { get; set; } = LogPosition.Zero;

    /// <summary>The durable entries after <see cref="Floor"/>.</summary>
    public List<Entry> Disk { get; } = [];

    public List<Entry> AppliedEntries { get; } = [];

    public LogIndex Applied { get; set; }

    public Configuration AppliedConfiguration { get; set; }

    public List<ProposalOutcome> Proposals { get; } = [];

    public List<ReadOutcome> Reads { get; } = [];

    public List<TransferOutcome> Transfers { get; } = [];

    public List<ReplicaId> SnapshotsToSend { get; } = [];

    public SnapshotMetadata? SnapshotToInstall { get; private set; }

    public LogIndex LastOnDisk => Floor.Index + (ulong)Disk.Count;

    /// <summary>Starts, or starts again from what is durable.</summary>
    public void Start(bool suspect = false)
    {
        _writes.Clear();
        _applies.Clear();
        _outbox.Clear();
        SnapshotToInstall = null;
        var start = new RaftStart
        {
            Replica = Id,
            HardState = HardState,
            Configuration = AppliedConfiguration,
            Applied = Applied,
            Floor = Floor,
            Last = LastOnDisk,
            TermRuns = TermRuns(),
            Suspect = suspect,
        };
        Node = new RaftNode(_options, start, this, Now, _seed++);
    }

    public void Read(LogIndex from, LogIndex to, int maxBytes, List<Entry> into)
    {
        Assert.That(from > Floor.Index && to <= LastOnDisk, Is.True, $"read of [{from}, {to}] in ({Floor.Index}, {LastOnDisk}]");
        int bytes = 0;
        for (LogIndex index = from; index <= to; index = index.Next)
        {
            Entry entry = Disk[(int)(index - Floor.Index) - 1];
            bytes += entry.Size;
            if (index > from && bytes > maxBytes)
            {
                return;
            }

            into.Add(entry);
        }
    }

    /// <summary>One step, whose consequences go as far as the held devices let them.</summary>
    public Ready Step(params Input[] inputs)
    {
        Ready ready = Node.Step(Now, inputs);
        Proposals.AddRange(ready.Proposals);
        Reads.AddRange(ready.Reads);
        Transfers.AddRange(ready.Transfers);
        SnapshotsToSend.AddRange(ready.SnapshotsToSend);
        SnapshotToInstall = ready.SnapshotToInstall ?? SnapshotToInstall;
        _outbox.AddRange(ready.Messages);
        _writes.Enqueue(ready);
        _applies.Enqueue(ready);
        if (!HoldDisk)
        {
            CompleteWrites();
        }

        if (!HoldApply)
        {
            CompleteApplies();
        }

        return ready;
    }

    public Ready Receive(Message message) => Step(new Input.MessageReceived(message));

    /// <summary>Makes everything durable that was handed out, or only the oldest so many writes.</summary>
    public void CompleteWrites(int count = int.MaxValue)
    {
        while (count-- > 0 && _writes.TryDequeue(out Ready? ready))
        {
            Write(ready);
        }
    }

    public void CompleteApplies()
    {
        while (_applies.TryDequeue(out Ready? ready))
        {
            if (ready.Committed.Count == 0)
            {
                continue;
            }

            foreach (Entry entry in ready.Committed)
            {
                Assert.That(entry.Index, Is.EqualTo(Applied.Next), "entries are applied in order, once each");
                AppliedEntries.Add(entry);
                Applied = entry.Index;
            }

            foreach ((_, Configuration configuration) in ready.Configurations)
            {
                AppliedConfiguration = configuration;
            }

            Step(new Input.Applied(Applied));
        }
    }

    public void CompleteSnapshot()
    {
        SnapshotMetadata snapshot = SnapshotToInstall ?? throw new InvalidOperationException("there is no snapshot");
        SnapshotToInstall = null;
        Disk.Clear();
        Floor = snapshot.Position;
        Applied = snapshot.Position.Index;
        AppliedConfiguration = snapshot.Configuration;
        Step(new Input.SnapshotInstalled(snapshot));
    }

    public void Compact(LogIndex index)
    {
        var floor = new LogPosition(index, Node.TermOf(index));
        Disk.RemoveRange(0, (int)(index - Floor.Index));
        Floor = floor;
        Step(new Input.LogCompacted(floor));
    }

    public List<Message> TakeMessages()
    {
        List<Message> taken = [.. _outbox];
        _outbox.Clear();
        return taken;
    }

    public List<T> TakeMessages<T>()
        where T : Message =>
        [.. TakeMessages().OfType<T>()];

    private void Write(Ready ready)
    {
        HardState = ready.HardState ?? HardState;
        if (ready.Entries.Count > 0)
        {
            LogIndex first = ready.Entries[0].Index;
            Assert.That(first, Is.GreaterThan(Floor.Index).And.LessThanOrEqualTo(LastOnDisk.Next));
            Disk.RemoveRange((int)(first - Floor.Index) - 1, (int)(LastOnDisk.Next - first));
            Disk.AddRange(ready.Entries);
        }

        var back = new List<Input>();
        foreach (Message message in ready.MessagesAfterPersist)
        {
            if (message.To == Id)
            {
                back.Add(new Input.MessageReceived(message));
            }
            else
            {
                _outbox.Add(message);
            }
        }

        if (ready.Entries is [.., var last])
        {
            back.Add(new Input.EntriesPersisted(new LogPosition(last.Index, last.Term)));
        }

        if (back.Count > 0)
        {
            Step([.. back]);
        }
    }

    private List<TermRun> TermRuns()
    {
        var runs = new List<TermRun>();
        foreach (Entry entry in Disk)
        {
            if (runs.Count == 0 || runs[^1].Term != entry.Term)
            {
                runs.Add(new TermRun(entry.Index, entry.Term));
            }
        }

        return runs;
    }
}
