using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Simulation.Clients;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Network;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Scenarios;

/// <summary>A cluster for a scripted test: the same world and the same checks as the swarm's, and faults when the script says so. Nodes are counted from 1.</summary>
internal sealed class Scenario : IDisposable
{
    private readonly Convergence _convergence;

    /// <param name="nodes">How many.</param>
    /// <param name="adjust">Changes the options, which are quick and without faults.</param>
    /// <param name="seed">Any; another one has other delays.</param>
    public Scenario(int nodes = 3, Func<SwarmOptions, SwarmOptions>? adjust = null, ulong seed = 1)
    {
        SwarmOptions options = new() { Nodes = nodes, Ranges = 1, ReplicationFactor = nodes, KeysPerRange = 10 };
        World = new(seed, adjust is null ? options : adjust(options));
        _convergence = new(World);
        World.Found();
        _convergence.OpenAccounts();
    }

    public SimCluster World { get; }

    /// <summary>The range that the script is about.</summary>
    public RangeId Range { get; } = new(2);

    /// <summary>The node that leads; 0 when none does.</summary>
    public int Leader => World.LeaderOf(Range) is { } leader ? leader.Process.Machine.Index + 1 : 0;

    public Term Term => World.LeaderOf(Range)?.Replica.Consensus.Term ?? default;

    /// <summary>A node that doesn't lead.</summary>
    public int Follower(int skip = 0) => Enumerable.Range(1, World.Machines.Count).Where(n => n != Leader).ElementAt(skip);

    public SimMachine Machine(int node) => World.Machines[node - 1];

    public Replica Replica(int node) => Machine(node).Process!.Replicas.Find(Range)!;

    public RaftNode Consensus(int node) => Replica(node).Consensus;

    public long Mark(string name) => World.Marks[name];

    public void RunFor(int milliseconds) => World.RunFor(TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>Lets time pass until it holds; the test fails when it does not in time.</summary>
    public void Until(Func<bool> condition, string what, int seconds = 30)
    {
        if (!World.RunUntil(condition, TimeSpan.FromSeconds(seconds)))
        {
            throw new SimulationFailedException($"not within {seconds} s: {what}{Environment.NewLine}{World.Describe()}");
        }
    }

    /// <summary>Clients ask for everything all the time.</summary>
    public void Load(int perSecond = 50) => World.Clients.Begin(perSecond);

    public ClientOperation Put(int node, string key = "/key/1") => World.Clients.Put(node - 1, Range, SimClients.Key(Range, key));

    public ClientOperation Get(int node, string key = "/key/1") => World.Clients.Get(node - 1, Range, SimClients.Key(Range, key));

    /// <summary>Lets time pass until the operation was answered.</summary>
    public ClientOperation Answer(ClientOperation operation)
    {
        Until(() => operation.Ended > 0, "an answer to a client", 10);
        return operation;
    }

    public void Kill(int node) => Machine(node).Kill(machineToo: false, "script");

    public void PowerCut(int node) => Machine(node).Kill(machineToo: true, "script");

    public void Start(int node) => Machine(node).Start();

    public void Pause(int node) => Machine(node).Process!.Pause();

    public void Resume(int node) => Machine(node).Process!.Resume();

    public void Isolate(int node)
    {
        int[] groups = new int[World.Machines.Count];
        groups[node - 1] = 1;
        World.Network.Partition(groups);
    }

    /// <summary>Groups of nodes that hear each other only.</summary>
    public void Partition(params int[][] groups)
    {
        int[] group = new int[World.Machines.Count];
        for (int i = 0; i < groups.Length; i++)
        {
            foreach (int node in groups[i])
            {
                group[node - 1] = i;
            }
        }

        World.Network.Partition(group);
    }

    public void CutOneWay(int from, int to) => World.Network.Cut(from - 1, to - 1);

    public void Network(NetworkFaults faults) => World.Network.Faults = faults;

    public void Heal()
    {
        World.Network.Heal();
        World.Network.Faults = NetworkFaults.None;
    }

    public void Checkpoint(int node)
    {
        Replica replica = Replica(node);
        Machine(node).Process!.Post(_ => replica.Checkpoints.Run());
        RunFor(50);
    }

    /// <summary>Asks for a transfer; the answer comes into the list.</summary>
    public List<RequestError?> Transfer(int to)
    {
        List<RequestError?> answers = [];
        SimProcess process = Machine(Leader).Process!;
        process.Post(p => _ = TransferAsync(p, to, answers));
        return answers;
    }

    /// <summary>Asks the leader to move a replica from one node to another; the answer comes into the list.</summary>
    public List<RequestError?> Move(int from, int to)
    {
        List<RequestError?> answers = [];
        SimProcess process = Machine(Leader).Process!;
        process.Post(p => _ = MoveAsync(p, new(Range.Value, Machine(from).Node.Value, Machine(to).Node.Value), answers));
        return answers;
    }

    public void Change(ConfigurationTransition transition, params (ConfigurationChangeKind Kind, int Node)[] changes)
    {
        Replica replica = World.LeaderOf(Range)!.Value.Replica;
        ConfigurationChange change = new([.. changes.Select(c => new ReplicaChange(c.Kind, IdOn(c.Node)))], transition);
        Machine(Leader).Process!.Post(_ => replica.ProposeChangeAsync(change));
    }

    public ReplicaId IdOn(int node) => World.Range(Range).ReplicaOn(Machine(node).Node);

    /// <summary>Writes until the log has so many entries more.</summary>
    public void Write(int count)
    {
        for (int i = 0; i < count; i++)
        {
            int node = Leader == 0 ? 1 : Leader;
            ClientOperation put = Put(node, $"/key/{i % 10}");
            if (i % 20 == 19)
            {
                Answer(put);
            }
        }

        RunFor(200);
    }

    /// <summary>The end of every script: all is healed, the cluster converges, serves, and nothing that clients saw contradicts itself.</summary>
    public void Converge()
    {
        World.Clients.End();
        Heal();
        foreach (SimMachine machine in World.Machines)
        {
            machine.Disk.Room = long.MaxValue;
            machine.Disk.FailAt = 0;
            machine.Disk.CutAt = 0;
            machine.Process?.Resume();
            machine.Start();
        }

        _convergence.Check(World.Counting);
    }

    public void Dispose() => World.Dispose();

    private static async Task MoveAsync(SimProcess process, MoveMessage move, List<RequestError?> answers) =>
        answers.Add(PeerRequestCodec.DecodeError(await process.Moves.ServeAsync(move.Encode(), Timeout.InfiniteTimeSpan, CancellationToken.None)));

    private async Task TransferAsync(SimProcess process, int to, List<RequestError?> answers) =>
        answers.Add(await process.Router.TransferAsync(Range, Machine(to).Node, process.Router.DeadlineIn(TimeSpan.FromSeconds(3)), CancellationToken.None));
}
