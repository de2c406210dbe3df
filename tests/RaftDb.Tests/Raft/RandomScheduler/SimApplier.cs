using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>The state machine of a node: applies in order, in batches that take time. Durable are its checkpoints, and after a crash whatever
/// prefix of what it did since.</summary>
internal sealed class SimApplier(SimWorld world, SimNode node, SeededRandom random, Action<Input> post, Action<Entry> applied)
{
    private readonly List<Entry> _queue = [];
    private readonly Dictionary<LogIndex, Configuration> _configurations = [];
    private readonly List<MachineState> _sinceCheckpoint = [];
    private LogIndex _handedOut = node.Disk.Checkpoint.Position.Index;
    private bool _applying;
    private int _generation;

    public MachineState Machine { get; private set; } = node.Disk.Checkpoint;

    public void Apply(IReadOnlyList<Entry> committed, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations)
    {
        foreach (var entry in committed)
        {
            Check.That(entry.Index == _handedOut.Next, $"entry {entry.Index} is handed out after {_handedOut}");
            Check.That(
                node.Disk.Log.Holds(entry.Index) && node.Disk.Log.TermAt(entry.Index) == entry.Term,
                $"entry {entry.Index}@{entry.Term} is to be applied at {node.Id} before it is durable there");
            _handedOut = entry.Index;
            _queue.Add(entry);
        }

        foreach (var (index, configuration) in configurations)
        {
            _configurations.Add(index, configuration);
        }

        if (!_applying && _queue.Count > 0)
        {
            Begin();
        }
    }

    public void Checkpoint()
    {
        node.Disk.Checkpoint = Machine;
        _sinceCheckpoint.Clear();
    }

    public void Replace(MachineState snapshot)
    {
        Machine = snapshot;
        _handedOut = snapshot.Position.Index;
        _generation++;
        _applying = false;
        _queue.Clear();
        _configurations.Clear();
        _sinceCheckpoint.Clear();
    }

    public void Crash()
    {
        // A snapshot whose install reached the disk in the crash is newer than anything in memory.
        var survivors = _sinceCheckpoint.FindAll(state => state.Position.Index > node.Disk.Checkpoint.Position.Index);
        var kept = random.Below(survivors.Count + 1);
        if (kept > 0)
        {
            node.Disk.Checkpoint = survivors[kept - 1];
        }
    }

    private void Begin()
    {
        _applying = true;
        var generation = _generation;
        var count = _queue.Count;
        node.After(world.Duration(node, random, world.Swarm.MaxApply), () =>
        {
            if (generation != _generation)
            {
                return;
            }

            foreach (var entry in _queue.Take(count))
            {
                Apply(entry);
            }

            _queue.RemoveRange(0, count);
            _sinceCheckpoint.Add(Machine);
            post(new Input.Applied(Machine.Position.Index));
            _applying = false;
            if (_queue.Count > 0)
            {
                Begin();
            }
        });
    }

    private void Apply(Entry entry)
    {
        var configuration = Machine.Configuration;
        if (entry.Kind == EntryKind.ConfigurationChange)
        {
            Check.That(
                _configurations.Remove(entry.Index, out var next), $"no configuration came with the change at {entry.Index}");
            configuration = next;
        }

        Machine = new(new(entry.Index, entry.Term), ChainedLog.Chain(Machine.Chain, entry), configuration);
        world.Checks.Ledger.Applied(node.Id, Machine);
        applied(entry);
    }
}
