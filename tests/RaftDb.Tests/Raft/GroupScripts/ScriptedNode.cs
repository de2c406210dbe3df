using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.GroupScripts;

/// <summary>A node whose writes, applies and messages end when the script says so.</summary>
internal sealed class ScriptedNode(ReplicaId id, RaftOptions options, MachineState bootstrap)
{
    private readonly Queue<Ready> _writes = new();
    private readonly Queue<Entry> _applies = new();
    private readonly Dictionary<LogIndex, Configuration> _configurations = [];
    private MachineState? _expected;

    public ReplicaId Id => id;

    public NodeDisk Disk { get; } = new(bootstrap);

    public MachineState Machine { get; private set; } = bootstrap;

    public RaftNode? Raft { get; private set; }

    /// <summary>Snapshots that this node, as a leader, was asked to send and didn't yet.</summary>
    public List<ReplicaId> SnapshotsToSend { get; } = [];

    public bool HasWrites => _writes.Count > 0;

    public bool HasApplies => _applies.Count > 0;

    public void Start(Instant now, bool suspect)
    {
        Machine = Disk.Checkpoint;
        Raft = new(options, Disk.Start(id, Machine) with { Suspect = suspect }, Disk, now, seed: id.Value);
    }

    /// <summary>Everything in memory is gone; of the writes under way the first few are on disk.</summary>
    public void Crash(int writesKept)
    {
        for (; writesKept > 0 && _writes.Count > 0; writesKept--)
        {
            Perform(_writes.Dequeue());
        }

        Raft = null;
        _writes.Clear();
        _applies.Clear();
        _configurations.Clear();
        SnapshotsToSend.Clear();
    }

    /// <summary>Takes what a step wants done; returns the messages that may leave at once.</summary>
    public IEnumerable<Message> Take(Ready ready)
    {
        if (ready.HardState is not null || ready.Entries.Count > 0 || ready.SnapshotToInstall is not null ||
            ready.MessagesAfterPersist.Count > 0)
        {
            _writes.Enqueue(ready);
        }

        foreach (var (index, configuration) in ready.Configurations)
        {
            _configurations.Add(index, configuration);
        }

        foreach (var entry in ready.Committed)
        {
            _applies.Enqueue(entry);
        }

        SnapshotsToSend.AddRange(ready.SnapshotsToSend);
        return ready.Messages;
    }

    /// <summary>The oldest write is durable now.</summary>
    public (IReadOnlyList<Message> Messages, IReadOnlyList<Input> Inputs) Persist()
    {
        var ready = _writes.Dequeue();
        Perform(ready);
        var inputs = new List<Input>();
        if (ready.Entries.Count > 0)
        {
            inputs.Add(new Input.EntriesPersisted(new(ready.Entries[^1].Index, ready.Entries[^1].Term)));
        }

        if (ready.SnapshotToInstall is { } snapshot)
        {
            Machine = Disk.Checkpoint;
            _applies.Clear();
            _configurations.Clear();
            inputs.Add(new Input.SnapshotInstalled(snapshot));
        }

        return (ready.MessagesAfterPersist, inputs);
    }

    /// <summary>All that was handed out is applied now, and the state machine durable.</summary>
    public Input Apply()
    {
        while (_applies.TryDequeue(out var entry))
        {
            var configuration = _configurations.Remove(entry.Index, out var changed) ? changed : Machine.Configuration;
            Machine = new(new(entry.Index, entry.Term), ChainedLog.Chain(Machine.Chain, entry), configuration);
        }

        Disk.Checkpoint = Machine;
        return new Input.Applied(Machine.Position.Index);
    }

    /// <summary>Gives the node a past: entries with these terms, as in the figures of the paper.</summary>
    public void Seed(IReadOnlyList<ulong> terms, HardState hardState)
    {
        var entries = terms.Select((term, i) => new Entry(new(term), new((ulong)i + 1), EntryKind.Noop, default)).ToList();
        Disk.Write(hardState, entries);
    }

    /// <summary>A snapshot's data is not part of the script: whoever installs one has the chain that its sender had.</summary>
    public void Expect(MachineState snapshot) => _expected = snapshot;

    private void Perform(Ready ready)
    {
        Disk.Write(ready.HardState, ready.Entries);
        if (ready.SnapshotToInstall is not null)
        {
            Check.That(_expected is not null && _expected.Position == ready.SnapshotToInstall.Position);
            Disk.Install(_expected);
        }
    }
}
