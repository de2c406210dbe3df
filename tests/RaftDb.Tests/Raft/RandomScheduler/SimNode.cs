using RaftDb.Raft;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>One replica: a disk that survives, and while it runs a process around a <see cref="RaftNode"/>. Works off each
/// <see cref="Ready"/> as the real replica does, with writes and applies that take time and end in order. A crash loses the process,
/// writes that were under way but for a prefix, and what the state machine did since its checkpoint but for a prefix.</summary>
internal sealed class SimNode(SimWorld world, ReplicaId id, MachineState bootstrap, long driftPpm, SeededRandom random)
{
    /// <summary>A process that is stopped and continued: what would happen to it happens when it goes on.</summary>
    private readonly List<Action> _postponed = [];

    public ReplicaId Id => id;

    public NodeDisk Disk { get; } = new(bootstrap);

    public SimProcess? Process { get; private set; }

    public bool IsPaused { get; private set; }

    public int Incarnation { get; private set; }

    public RaftNode? Raft => Process?.Raft;

    public void Start()
    {
        Check.That(Process is null, $"replica {id} runs already");
        Incarnation++;
        var clock = new LocalClock(world.Time.Now, random.Between(0, 1_000_000_000_000), driftPpm);
        Process = new SimProcess(world, this, clock, random.Split());
        world.Trace.Add($"{id} start", Disk.HardState);
        Process.Boot();
    }

    public void Crash()
    {
        Check.That(Process is not null, $"replica {id} does not run");
        world.Trace.Add($"{id} crash");
        var process = Process;
        Process = null;
        IsPaused = false;
        _postponed.Clear();
        process.Die();
    }

    public void Pause()
    {
        world.Trace.Add($"{id} pause");
        IsPaused = true;
    }

    public void Resume()
    {
        world.Trace.Add($"{id} resume");
        IsPaused = false;
        var postponed = _postponed.ToArray();
        _postponed.Clear();
        foreach (var action in postponed)
        {
            action();
        }
    }

    /// <summary>Runs in the present process after so long, or later if it is paused then; never, if it dies before.</summary>
    public void After(long delay, Action action)
    {
        var incarnation = Incarnation;
        world.Time.After(delay, () =>
        {
            if (Process is null || incarnation != Incarnation)
            {
                return;
            }

            if (IsPaused)
            {
                _postponed.Add(action);
                return;
            }

            action();
        });
    }

    public override string ToString() => Process is { Raft: var raft }
        ? $"{id}{(IsPaused ? " (paused)" : "")} {raft.Role} term={raft.Term} leader={raft.Leader} last={MessageText.Of(raft.Last)} " +
            $"floor={raft.Floor.Index} persisted={raft.Persisted} commit={raft.Commit} applied={raft.Applied} " +
            $"{raft.Configuration}{(raft.IsQuiet ? " quiet" : "")}{(Process.IsInstalling ? " installing" : "")}"
        : $"{id} does not run: {Disk.HardState} last={MessageText.Of(Disk.Log.Last)}";

    public void Post(Input input)
    {
        if (Process is not null)
        {
            Process.Post(input);
        }
    }
}
