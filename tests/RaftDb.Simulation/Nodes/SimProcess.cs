using Microsoft.Extensions.Logging.Abstractions;
using RaftDb.Raft;
using RaftDb.Server.Hosting;
using RaftDb.Server.Metrics;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Network;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Simulation.Nodes;

/// <summary>One process of a node: the product's replicas, binlog and router, with all that they wait for as events of the virtual time.</summary>
internal sealed class SimProcess : IReplicaHost, INodeClock, IDoer
{
    private const long SettleAfter = NodeBinlog.SettleAfterMilliseconds * 1_000_000L;

    private readonly Queue<(Delegate Work, object? State)> _deferred = new();
    private readonly NodeContext _context;
    private readonly NodeMetrics _metrics;
    private readonly TroubleBook _troubles;
    private readonly SimLoop[] _loops;
    private NodeBinlog? _binlog;
    private readonly List<Replica> _patient = [];
    private bool _driveDue;
    private bool _writes;
    private bool _settleDue;
    private long _drivenAt;

    public SimProcess(SimCluster world, SimMachine machine)
    {
        World = world;
        Machine = machine;
        Random = new SimRandom(machine.NextSeed());
        _context = new(world.Time, this);
        _metrics = new(machine.Node);
        _troubles = new(machine.Node, Replicas, this);
        _loops = [.. Enumerable.Range(0, world.Swarm.Loops).Select(_ => new SimLoop(this))];
        LogClock = new(() => machine.Clock.WallMilliseconds, new HybridClockOptions());
        Transport = new SimTransport(this, world.Network, world.Machines.Count);
        Time = new(() => Now.Nanoseconds, AfterOwn);
    }

    public SimCluster World { get; }

    public SimMachine Machine { get; }

    public SimRandom Random { get; }

    public SimTimeProvider Time { get; }

    public LocalReplicas Replicas { get; } = new();

    /// <summary>Replicas that are not used.</summary>
    public IReadOnlyList<Trouble> Troubles => _troubles.Own;

    public RequestRouter Router { get; private set; } = null!;

    public SimPeerEvents Handler { get; private set; } = null!;

    public ReplicaMoves Moves { get; private set; } = null!;

    public HybridClock LogClock { get; }

    public bool IsAlive { get; private set; } = true;

    public bool IsPaused { get; private set; }

    /// <summary>Snapshots that are being received or installed.</summary>
    public int SnapshotsUnderWay { get; set; }

    public bool WasPaused { get; private set; }

    public NodeId Node => Machine.Node;

    public Instant Now => Machine.Clock.Now;

    public NodeBinlog Binlog => _binlog!;

    /// <summary>Whether the log was opened.</summary>
    public bool HasLog => _binlog is not null;

    public Durability Durability => World.Swarm.Binlog.Durability;

    public int CheckpointEntries => World.Swarm.CheckpointEvery * 4;

    public TimeSpan SessionIdleTimeout => World.Swarm.SessionIdleTimeout;

    public ITransport Transport { get; }

    public IStateMachineStore Store => Machine.States;

    public NodeMetrics Metrics => _metrics;

    public HybridTimestamp LogTime() => LogClock.Now();

    /// <summary>Recovers what is on the disk, and takes part.</summary>
    public void Start()
    {
        BinlogIdentity identity = new(World.ClusterId, Node, Machine.Store);
        try
        {
            _binlog = NodeBinlog.Open(Machine.Disk, "binlog", identity, World.Swarm.Binlog with { OwnThreads = false, BootId = Machine.BootId });
        }
        catch (StorageRefusedException e)
        {
            Machine.GiveUp(e.Message);
            return;
        }

        World.Checks.Recovered(this);
        ReplicaOpener opener = new(World.Swarm.RaftOf(Machine.Index), Store, this, Machine.NextSeed);
        foreach (RecoveredReplica recovered in CreatedOrRecovered())
        {
            Open(opener, recovered);
        }

        RangeMap map = new(World.Ranges);
        Router = new(Node, map, Replicas, Transport, this, LogClock.Now, new CommandLimits(), Time);
        // A machine that was wiped comes under a store id that nobody knows: the product's nodes don't talk to it, so nobody fills replicas there.
        bool repairs = World.Swarm.Repairs && !Machine.IsWiped;
        SettledDescriptors settled = new();
        BlankReplicas blanks = new(_binlog, Store, opener, World.Ranges, World.Swarm.Raft.FailoverMode);
        ReplicaKeeper keeper = new((range, replica) => Begin(blanks, range, replica), _binlog, Store, static _ => { }, Replicas, _troubles, this, NullLogger.Instance);
        TroubleExchange exchange = new(Replicas, _troubles, settled, Transport, this, keeper.Remove);
        ReplicaEvents events = new(Replicas, repairs ? keeper.Begin : static (_, _, _) => { }, Store, NullLogger.Instance);
        RangeStatusBuilder status = new(Node, map, Replicas, Transport, _troubles);
        SliceService slices = new(Replicas, this);
        Task QuarantineAsync(RangeId range, ReplicaId replica, string reason)
        {
            World.Checks.Quarantined(this, range, reason);
            return keeper.QuarantineAsync(range, replica, reason);
        }

        Handler = new(events, Router, status, exchange, slices, QuarantineAsync);
        if (World.Swarm.ChecksEvery > TimeSpan.Zero)
        {
            RangeChecker checker = new(Node, _troubles, slices, this, QuarantineAsync, NullLogger.Instance);
            CheckSection pace = new() { Interval = World.Swarm.ChecksEvery };
            RunInBackground("comparing replicas all the time", new BackgroundCheck(Replicas, checker, pace, Time, NullLogger.Instance).RunAsync);
        }

        RangeRepair repair = new(Node, Replicas, _troubles, settled, Transport, World.Ranges, World.Swarm.ReplicationFactor, NullLogger.Instance);
        Moves = new(Node, map, Replicas, this, status, repair, Time, NullLogger.Instance);
        if (repairs)
        {
            RunInBackground("looking after replicas", new Caretaker(exchange, repair, Time).RunAsync);
        }

        foreach (Replica replica in Replicas.All)
        {
            LogClock.Restore(replica.State.Machine.Time);
            Wake(replica);
        }
    }

    public void Wake(Replica replica) => _loops[(int)(replica.Range.Value % (ulong)_loops.Length)].Wake(replica);

    /// <summary>As the product's loops do: what ends in a write anyway waits while one is under way.</summary>
    public void WakeAfterDisk(Replica replica)
    {
        if (_writes)
        {
            _patient.Add(replica);
        }
        else
        {
            Wake(replica);
        }
    }

    public void ScheduleApply(ApplyPipeline pipeline) => After(World.Swarm.ApplyLatency(Random), pipeline.Run);

    public void RunInBackground(string what, Func<CancellationToken, Task> work) => After(World.Swarm.BackgroundLatency(Random), () => _ = GuardAsync(work));

    /// <summary>The node can't go on. With a disk that failed that is as it should be.</summary>
    public void Fail(Exception cause)
    {
        if (!IsAlive)
        {
            return;
        }

        bool excused = cause is StorageFailedException or IOException && (Machine.Disk.Failures > 0 || Machine.Disk.IsDamaged || Machine.Disk.Fulls > 0);
        if (!excused)
        {
            World.Report(new SimulationFailedException($"node {Node} failed: {cause.GetType().Name}: {cause.Message}", cause));
            return;
        }

        World.Marks.Hit("nodes stopped by their disk");
        foreach (Replica replica in Replicas.All)
        {
            if (replica.Consensus.Persisted < replica.Consensus.Last.Index)
            {
                World.Marks.Hit(replica.Consensus.Role == RaftDb.Raft.Role.Leader ? "B2 leader's own write failed" : "B3 follower's write failed");
            }
        }

        Machine.Kill(machineToo: false, cause.Message);
    }

    public void ReplicaHalted(Replica replica, string reason)
    {
        World.Checks.Halted(this, replica, reason);
        replica.Halt(reason);
    }

    /// <summary>Runs something as this process: now, or when it is woken from a pause.</summary>
    public void Enter(Action work) => Do(work, null);

    /// <inheritdoc/>
    public void Do(Delegate work, object? state)
    {
        if (!IsAlive)
        {
            return;
        }

        if (IsPaused)
        {
            _deferred.Enqueue((work, state));
            return;
        }

        // It stays when this ends: what runs outside of all processes waits for nothing.
        NodeContext? outer = World.Inside;
        if (World.Entered != _context)
        {
            SynchronizationContext.SetSynchronizationContext(World.Entered = _context);
        }

        World.Inside = _context;
        try
        {
            if (work is Action action)
            {
                action();
            }
            else
            {
                ((SendOrPostCallback)work)(state);
            }

            DriveSoon();
        }
        catch (PowerCutException)
        {
            World.Marks.Hit("power cuts in the middle of a disk operation");
            Machine.Kill(machineToo: true, "in the middle of a disk operation");
        }
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            World.Inside = outer;
            if (outer is not null && World.Entered != outer)
            {
                SynchronizationContext.SetSynchronizationContext(World.Entered = outer);
            }
        }
    }

    public void Post(Action<SimProcess> work) => After(0, () => work(this));

    /// <summary>Does something after so much virtual time.</summary>
    public void After(long delay, Action work) => World.Time.At(World.Time.Now + Math.Max(0, delay), this, work, null);

    public void At(long time, Action work) => World.Time.At(time, this, work, null);

    /// <summary>Does something after so much time on this machine's own clock.</summary>
    public void AfterOwn(TimeSpan delay, Action work) => After(Machine.Clock.Virtual(delay), work);

    public void Pause() => IsPaused = WasPaused = true;

    public void Resume()
    {
        if (!IsPaused)
        {
            return;
        }

        IsPaused = false;
        while (_deferred.TryDequeue(out (Delegate Work, object? State) one))
        {
            World.Time.At(World.Time.Now, this, one.Work, one.State);
        }
    }

    /// <summary>Ends as a process does that is asked to: everything checkpointed and closed.</summary>
    public void StopCleanly()
    {
        foreach (Replica replica in Replicas.All)
        {
            if (replica.Halted is null && !Binlog.Failed.IsCompleted)
            {
                replica.Checkpoints.Run();
            }
        }

        Binlog.Dispose();
        Machine.Kill(machineToo: false, "stopped");
    }

    public void Die()
    {
        IsAlive = false;
        _deferred.Clear();
        _metrics.Dispose();
    }

    private IEnumerable<RecoveredReplica> CreatedOrRecovered()
    {
        if (World.IsFounded)
        {
            return Binlog.Recovered;
        }

        List<RecoveredReplica> created = [];
        foreach (RangeDescriptor range in World.Ranges)
        {
            ReplicaId own = range.ReplicaOn(Node);
            if (own.IsNone)
            {
                continue;
            }

            Raft.Membership.Configuration configuration = Raft.Membership.Configuration.OfVoters(range.Replicas.Select(r => r.Replica));
            using IStateMachine state = Store.Create(range, configuration);
            RangeCheckpoint checkpoint = new(Raft.Log.LogPosition.Zero, configuration, range, state.FileName);
            Binlog.CreateReplica(range.Id, own, checkpoint);
            created.Add(new() { Range = range.Id, Replica = own, Checkpoint = checkpoint });
        }

        return created;
    }

    private void Open(ReplicaOpener opener, RecoveredReplica recovered)
    {
        try
        {
            Replica replica = opener.Open(recovered);
            Replicas.Add(replica);
            World.Checks.Started(this, replica);
        }
        catch (StorageRefusedException e)
        {
            World.Checks.Refused(this, recovered, e.Message);
            _troubles.Unusable(new(recovered.Range, recovered.Replica, e.Message, Rebuild: true));
        }
    }

    /// <summary>A leader fills a new replica in the place of one that is lost.</summary>
    private Replica Begin(BlankReplicas blanks, RangeId range, ReplicaId id)
    {
        if (Machine.Disk.Room != long.MaxValue)
        {
            // The product's thread would wait until there is some.
            throw new StorageFailedException("no room for another replica (simulated)");
        }

        Replica replica;
        try
        {
            replica = blanks.Create(range, id);
        }
        catch (IOException e)
        {
            Fail(e);
            throw;
        }

        World.Trace.Add($"node {Node}: replica {id} of range {range} begins");
        World.Marks.Hit("G2 replica begun anew");
        World.Checks.Started(this, replica);
        return replica;
    }

    private void DriveSoon()
    {
        if (_driveDue || _binlog is not { } binlog || !IsAlive)
        {
            return;
        }

        if (binlog.Failed.IsCompleted)
        {
            // A replica that was begun drove the log by itself.
            Fail(binlog.Failed.Result);
            return;
        }

        if (binlog.HasWork)
        {
            _driveDue = _writes = true;
            After(World.Swarm.DiskLatency(Random), Drive);
        }
        else if (binlog.HasDeferred)
        {
            _driveDue = true;
            After(250_000_000, Drive);
        }
    }

    private void Drive()
    {
        _driveDue = _writes = false;
        Binlog.Drive();
        foreach (Replica replica in _patient)
        {
            Wake(replica);
        }

        _patient.Clear();
        if (Binlog.Failed.IsCompleted)
        {
            Fail(Binlog.Failed.Result);
            return;
        }

        _drivenAt = World.Time.Now;
        if (!_settleDue)
        {
            _settleDue = true;
            After(SettleAfter, Settle);
        }
    }

    /// <summary>As the product's writer thread does when nothing has come for a while.</summary>
    private void Settle()
    {
        long idle = World.Time.Now - _drivenAt;
        if (idle < SettleAfter)
        {
            After(SettleAfter - idle, Settle);
            return;
        }

        _settleDue = false;
        Binlog.Settle();
        if (Binlog.Failed.IsCompleted)
        {
            Fail(Binlog.Failed.Result);
        }
    }

    private async Task GuardAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(CancellationToken.None);
        }
        catch (PowerCutException)
        {
            World.Marks.Hit("power cuts in the middle of a disk operation");
            Machine.Kill(machineToo: true, "in the middle of a disk operation");
        }
        catch (IOException)
        {
            // As the product has it: tried again when needed.
            World.Marks.Hit("background work that failed");
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }
}
