using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Simulation.Core;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Simulation.States;

/// <summary>The state files of one machine. They outlive processes; each process opens state machines over them.</summary>
internal sealed class SimStateStore(Func<IStateObserver> observer, SimRandom random, Func<long> wallMilliseconds, Action healed) : IStateMachineStore
{
    private readonly SortedDictionary<(RangeId Range, string Name), SimStateFile> _files = [];
    private readonly SortedDictionary<RangeId, int> _generations = [];
    private readonly SortedSet<RangeId> _rotted = [];

    /// <summary>After so many transactions a checkpoint seems worth while to the product.</summary>
    public int CheckpointEvery { get; set; } = 1000;

    /// <summary>Whether state machines run the product's layers in memory as well.</summary>
    public bool ChecksLayers { get; set; }

    /// <summary>State files that exist.</summary>
    public int Files => _files.Count;

    /// <summary>What this machine's clock on the wall shows; nothing that is applied may depend on it.</summary>
    public long WallMilliseconds => wallMilliseconds();

    public IStateMachine Create(RangeDescriptor descriptor, Configuration configuration)
    {
        StateVersion version = StateVersion.Empty(new(LogPosition.Zero, default, 0, 0, 0, descriptor, configuration));
        return Machine(descriptor.Id, Add(descriptor.Id, NewName(descriptor.Id), version));
    }

    public IStateMachine Open(RangeId range, RangeCheckpoint checkpoint)
    {
        if (!_files.TryGetValue((range, checkpoint.StateFile), out SimStateFile? file))
        {
            throw new StorageRefusedException($"State file {checkpoint.StateFile} of range {range} is missing.");
        }

        if (file.Latest.Meta.Applied.Index < checkpoint.Position.Index)
        {
            throw new StorageRefusedException(
                $"State file {file.Name} of range {range} holds index {file.Latest.Meta.Applied.Index}, but the binlog was cut on the word that it holds {checkpoint.Position.Index}.");
        }

        foreach ((RangeId Range, string Name) other in _files.Keys.Where(k => k.Range == range && k.Name != file.Name).ToList())
        {
            _files.Remove(other);
        }

        return Machine(range, file);
    }

    /// <summary>All files are gone.</summary>
    public void Wipe() => _files.Clear();

    /// <summary>From now on nothing can be applied to one of the files. Answers which; null when there is none.</summary>
    public string? BreakOne()
    {
        if (_files.Count == 0)
        {
            return null;
        }

        SimStateFile file = _files.ElementAt(random.Below(_files.Count)).Value;
        file.IsBroken = true;
        return file.Name;
    }

    /// <summary>A bit flips in a row of one of the ranges, of which nobody but a comparison of replicas takes notice. Answers whose; null when there is none to flip.</summary>
    public RangeId? RotOne(Func<RangeId, byte[]> row)
    {
        List<(RangeId Range, SimStateFile File)> files = [.. _files.Where(f => f.Value.Latest.Rows.ContainsKey(row(f.Key.Range))).Select(f => (f.Key.Range, f.Value))];
        if (files.Count == 0)
        {
            return null;
        }

        (RangeId range, SimStateFile file) = random.Pick(files);
        if (!file.Rot(row(range), random.Below(64)))
        {
            return null;
        }

        _rotted.Add(range);
        return range;
    }

    /// <summary>Whether a row of a range has ever rotted here: only then may a comparison find something.</summary>
    public bool HasRotted(RangeId range) => _rotted.Contains(range);

    /// <summary>What rotted was about to be copied, and is whole again instead.</summary>
    public void Healed() => healed();

    public ISnapshotSink BeginReceive(RangeId range) => new SimSnapshotSink(this, range, NewName(range));

    public void Delete(RangeId range, string fileName) => _files.Remove((range, fileName));

    /// <summary>A received copy becomes a durable file.</summary>
    public SimStateFile Add(RangeId range, string name, StateVersion version)
    {
        SimStateFile file = new(name, version);
        _files.Add((range, name), file);
        return file;
    }

    public SimStateMachine Machine(RangeId range, SimStateFile file) => new(range, file, this, observer());

    /// <summary>Answers whether any state fell back.</summary>
    public bool Crash()
    {
        bool any = false;
        foreach (SimStateFile file in _files.Values)
        {
            any |= file.Crash(random);
        }

        return any;
    }

    private string NewName(RangeId range)
    {
        int generation = _generations.GetValueOrDefault(range) + 1;
        _generations[range] = generation;
        return $"state-{generation}.db";
    }
}

/// <summary>Hears of every entry that a replica applies.</summary>
internal interface IStateObserver
{
    /// <summary>The entry was applied and the rows now have this digest. Called inside the transaction.</summary>
    void Applied(RangeId range, in Entry entry, ulong digest, Configuration configuration);
}
