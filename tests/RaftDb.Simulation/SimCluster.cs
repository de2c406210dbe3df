using System.Text;
using RaftDb.Raft;
using RaftDb.Server.Placement;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Simulation.Checks;
using RaftDb.Simulation.Clients;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Network;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation;

/// <summary>A whole cluster in one thread on virtual time: machines, the network between them, clients, and the checks that look at everything.</summary>
internal sealed class SimCluster : IDisposable
{
    private readonly SynchronizationContext? _outside = SynchronizationContext.Current;
    private SimulationFailedException? _failure;

    public SimCluster(ulong seed, SwarmOptions swarm, TextWriter? traceFile = null)
    {
        Seed = seed;
        Swarm = swarm;
        Random = new SimRandom(seed);
        Trace = new(Time, traceFile);
        ClusterId = new Guid((int)seed, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10]);
        Checks = new(this);
        List<SimMachine> machines = [];
        for (int i = 0; i < swarm.Nodes; i++)
        {
            machines.Add(new(this, i, Random.Split($"machine {i}")));
        }

        Machines = machines;
        Connections = new(Time, Random.Split("connections"), Trace, Machines) { IsCut = (a, b) => Network!.IsCut(a, b) };
        Network = new(Time, Random.Split("network"), Trace, Marks, Machines)
        {
            Connections = Connections,
            Sent = (process, message) =>
            {
                Checks.Sent(process, message);
                Overheard?.Invoke(message);
            },
            Received = (process, message) => Checks.Received(process, message),
        };
        Ranges = InitialPlacement.Ranges([.. Machines.Select(m => m.Node)], SplitKeys(swarm.Ranges), swarm.ReplicationFactor, swarm.Raft.FailoverMode);
        Clients = new(this, Random.Split("clients"));
        Counting = new(this, Random.Split("counting"));
        foreach (SimMachine machine in Machines)
        {
            machine.States.CheckpointEvery = swarm.CheckpointEvery;
            machine.States.ChecksLayers = swarm.ChecksLayers;
        }
    }

    public ulong Seed { get; }

    public SwarmOptions Swarm { get; }

    public SimRandom Random { get; }

    public EventQueue Time { get; } = new();

    public Trace Trace { get; }

    public Marks Marks { get; } = new();

    public Guid ClusterId { get; }

    public IReadOnlyList<SimMachine> Machines { get; }

    public ConnectionWatch Connections { get; }

    public SimNetwork Network { get; }

    public ClusterChecks Checks { get; }

    public SimClients Clients { get; }

    public CountingClients Counting { get; }

    public IReadOnlyList<RangeDescriptor> Ranges { get; }

    /// <summary>The context of the process that was entered last.</summary>
    public NodeContext? Entered { get; set; }

    /// <summary>The context of the process that runs; null outside of all.</summary>
    public NodeContext? Inside { get; set; }

    /// <summary>Called when a replica of a range has become its leader.</summary>
    public Action<RangeId>? Elected { get; set; }

    /// <summary>Called when a process begins to take a snapshot.</summary>
    public Action<SimProcess>? SnapshotBegins { get; set; }

    /// <summary>Called with every message that is sent, whether it arrives or not.</summary>
    public Action<RangeMessage>? Overheard { get; set; }

    /// <summary>Whether all replicas were made: from then on what is missing was lost.</summary>
    public bool IsFounded { get; private set; }

    public RangeDescriptor Range(RangeId id) => Ranges[(int)id.Value - 1];

    public SimMachine MachineOf(NodeId node) => Machines[(int)node.Value - 1];

    /// <summary>Machines that run and have no replica of a range.</summary>
    public IReadOnlyList<SimMachine> FreeFor(RangeDescriptor range) => [.. Machines.Where(m => m is { Process: not null, IsWiped: false } && range.ReplicaOn(m.Node).IsNone)];

    /// <summary>Starts all machines of a new cluster.</summary>
    public void Found()
    {
        foreach (SimMachine machine in Machines)
        {
            machine.Start();
        }

        IsFounded = true;
        Connections.Begin();
        ThrowFailure();
    }

    /// <summary>Lets virtual time pass, and throws what the checks found meanwhile.</summary>
    public void RunFor(TimeSpan time) => RunUntil(Time.Now + (time.Ticks * 100));

    public void RunUntil(long time)
    {
        try
        {
            Time.RunUntil(time);
        }
        catch (Exception e) when (e is not SimulationFailedException)
        {
            throw new SimulationFailedException($"{e.GetType().Name}: {e.Message}", e);
        }

        ThrowFailure();
    }

    /// <summary>Lets virtual time pass until something holds; false when it does not in time.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        long end = Time.Now + (limit.Ticks * 100);
        while (!condition())
        {
            if (Time.Now >= end)
            {
                return false;
            }

            RunFor(TimeSpan.FromMilliseconds(20));
        }

        return true;
    }

    /// <summary>A promise was broken: the run ends after this event.</summary>
    public void Report(SimulationFailedException failure)
    {
        _failure ??= failure;
        Time.Stopped = true;
    }

    /// <summary>The replica that leads a range, the one of the latest term if several believe so.</summary>
    public (SimProcess Process, Replica Replica)? LeaderOf(RangeId range)
    {
        (SimProcess, Replica)? leader = null;
        Term term = default;
        foreach (SimMachine machine in Machines)
        {
            if (machine.Process is { } process && process.Replicas.Find(range) is { } replica && replica.Consensus.Role == Role.Leader && replica.Consensus.Term > term)
            {
                leader = (process, replica);
                term = replica.Consensus.Term;
            }
        }

        return leader;
    }

    /// <summary>How all replicas are, for the report of a failure.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        foreach (SimMachine machine in Machines)
        {
            text.AppendLine($"node {machine.Node}: {(machine.Process is { } p ? p.IsPaused ? "paused" : "up" : machine.OutOfService ?? "down")}");
            foreach (Replica replica in machine.Process?.Replicas.All ?? [])
            {
                RaftNode node = replica.Consensus;
                text.AppendLine(
                    $"  range {replica.Range} replica {replica.Id}: {node.Role} term {node.Term} leader {node.Leader} floor {node.Floor.Index} last {node.Last.Index}@{node.Last.Term} persisted {node.Persisted} commit {node.Commit} applied {node.Applied} quiet {node.IsQuiet} {node.Configuration} {replica.Halted}{string.Concat(node.Followers(machine.Process!.Now).Select(f => $" [{f}]"))}");
            }
        }

        return text.ToString();
    }

    public void Dispose()
    {
        foreach (SimMachine machine in Machines)
        {
            machine.Process?.Die();
        }

        SynchronizationContext.SetSynchronizationContext(_outside);
    }

    private static ReadOnlyMemory<byte>[] SplitKeys(int ranges) =>
        [.. Enumerable.Range(1, ranges - 1).Select(i => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes($"{(char)('a' + i)}"))];

    private void ThrowFailure()
    {
        if (_failure is { } failure)
        {
            throw failure;
        }
    }
}
