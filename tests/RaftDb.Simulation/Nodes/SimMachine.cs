using RaftDb.Simulation.Core;
using RaftDb.Simulation.Disk;
using RaftDb.Simulation.States;
using RaftDb.Storage;

namespace RaftDb.Simulation.Nodes;

/// <summary>A machine: what outlives the processes on it.</summary>
internal sealed class SimMachine
{
    private readonly SimCluster _world;
    private readonly SimRandom _random;

    public SimMachine(SimCluster world, int index, SimRandom random)
    {
        _world = world;
        _random = random;
        Index = index;
        Disk = new(random.Split("disk"));
        Disk.Full = () => world.Marks.Hit("G6 no room on the disk");
        Disk.Astray = what => world.Trace.Add($"node {Node}: a write of {what} goes astray");
        States = new(() => world.Checks, random.Split("states"), () => Clock!.WallMilliseconds, () => world.Marks.Hit("rotten rows that were about to be copied"));
        Clock = new(world.Time, random.Between(1_000_000_000L, 1_000_000_000_000L), 0, 0);
        BootId = NewGuid();
        Store = NewGuid();
    }

    public int Index { get; }

    public NodeId Node => new((ulong)Index + 1);

    public SimDisk Disk { get; }

    public SimStateStore States { get; }

    public SimClock Clock { get; }

    /// <summary>Whose disk this is.</summary>
    public Guid Store { get; private set; }

    /// <summary>Changes when the machine restarts.</summary>
    public Guid BootId { get; private set; }

    /// <summary>The running process.</summary>
    public SimProcess? Process { get; private set; }

    /// <summary>It was given an empty disk: under its old name nobody talks to it.</summary>
    public bool IsWiped { get; private set; }

    /// <summary>Why it can't be started any more: its disk is damaged.</summary>
    public string? OutOfService { get; private set; }

    /// <summary>Draws for the process's own randomness.</summary>
    public ulong NextSeed() => _random.Next();

    public void Start()
    {
        if (Process is not null || OutOfService is not null)
        {
            return;
        }

        if (Disk.LooksTorn() is { } where)
        {
            // What it lost looks as if it had never been written. No log can tell by itself, and none promises to: the machine is lost.
            _world.Trace.Add($"node {Node}: what went astray at {where} looks torn");
            _world.Marks.Hit("G8 write gone astray that looks torn");
            OutOfService = $"a write went astray at {where}";
            return;
        }

        SimProcess process = new(_world, this);
        Process = process;
        _world.Trace.Add($"node {Node} starts");
        process.Enter(process.Start);
        if (process.IsAlive)
        {
            _world.Connections.Started(process);
        }
    }

    /// <summary>The process is gone; with <paramref name="machineToo"/> what was not on the platter as well.</summary>
    public void Kill(bool machineToo, string why)
    {
        if (Process is not { } process)
        {
            return;
        }

        _world.Trace.Add($"node {Node} dies ({(machineToo ? "power" : "process")}): {why}");
        if (process.HasLog)
        {
            _world.Checks.Died(process, machineToo);
        }

        process.Die();
        Process = null;
        _world.Connections.Died(Index, machineToo);
        if (States.Crash())
        {
            _world.Marks.Hit("H1 state fell back at a crash");
        }

        if (machineToo)
        {
            if (Disk.HasUnsyncedNames)
            {
                _world.Marks.Hit("G4 power cut before a directory was synced");
            }

            if (Disk.HasUnsyncedBytes)
            {
                _world.Marks.Hit("G1 power cut with bytes not synced");
            }

            Disk.PowerCut();
            BootId = NewGuid();
        }
        else
        {
            Disk.ProcessDied();
        }
    }

    /// <summary>Somebody puts an empty disk into the machine.</summary>
    public void Wipe()
    {
        Kill(machineToo: false, "wiped");
        Disk.Wipe();
        States.Wipe();
        Store = NewGuid();
        IsWiped = true;
        _world.Checks.Wiped(this);
    }

    /// <summary>The disk is so damaged that the node refuses to start: it stays away.</summary>
    public void GiveUp(string why)
    {
        if (!Disk.IsDamaged)
        {
            throw new SimulationFailedException($"node {Node} refuses to start though its disk did nothing wrong: {why}");
        }

        _world.Trace.Add($"node {Node} is out of service: {why}");
        OutOfService = why;
        Kill(machineToo: false, why);
    }

    private Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, _random.Next());
        BitConverter.TryWriteBytes(bytes[8..], _random.Next());
        return new Guid(bytes);
    }
}
