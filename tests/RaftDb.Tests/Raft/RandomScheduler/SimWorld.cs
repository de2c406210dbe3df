using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>One group, all its nodes, disks and links, in one thread on virtual time.</summary>
internal sealed class SimWorld
{
    /// <summary>Replica ids are never reused, and the network's tables are bounded.</summary>
    private const int MostReplicas = 14;

    private const long CalmDuration = 500_000;

    private const int SlowFactor = 10;

    private readonly List<SimNode> _nodes = [];
    private readonly SeededRandom _clocks;
    private readonly SeededRandom _disks;
    private readonly SeededRandom _snapshots;

    public SimWorld(ulong seed)
    {
        var random = new SeededRandom(seed);
        Swarm = SwarmOptions.Draw(random.Split());
        _clocks = random.Split();
        _disks = random.Split();
        _snapshots = random.Split();
        Trace = new(Time);
        Bootstrap = new(
            LogPosition.Zero, 0, Configuration.OfVoters(Enumerable.Range(1, Swarm.Nodes).Select(id => new ReplicaId((ulong)id))));
        Checks = new(this);
        Network = new(Time, Swarm, random.Split(), Deliver, Undelivered);
        Faults = new(this, random.Split());
        Workload = new(this, random.Split());
    }

    public EventQueue Time { get; } = new();

    public SwarmOptions Swarm { get; }

    public Trace Trace { get; }

    public Marks Marks { get; } = new();

    public MachineState Bootstrap { get; }

    public NodeChecks Checks { get; }

    public SimNetwork Network { get; }

    public SimFaults Faults { get; }

    public SimWorkload Workload { get; }

    /// <summary>In the order of their ids.</summary>
    public IReadOnlyList<SimNode> Nodes => _nodes;

    public bool CanAddNode => _nodes.Count < MostReplicas;

    public SimNode? Find(ReplicaId id) => id.Value >= 1 && id.Value <= (ulong)_nodes.Count ? _nodes[(int)id.Value - 1] : null;

    /// <summary>One of those that the group began with.</summary>
    public SimNode AddFirstNode() => AddNode(Bootstrap);

    /// <summary>A new replica with an empty disk. Some know where the group began and can replay its log; the others wait for a snapshot.</summary>
    public SimNode AddNewcomer() =>
        AddNode(_disks.Chance(500) ? Bootstrap : Bootstrap with { Configuration = Configuration.Empty });

    /// <summary>How long something takes that takes up to so long; slowness is a fault, too, and ends with the others.</summary>
    public long Duration(SimNode node, SeededRandom random, long most) =>
        random.Between(0, Faults.AreOver ? Math.Min(most, CalmDuration) : node.Id == Swarm.SlowNode ? most * SlowFactor : most);

    /// <summary>Copies the leader's state machine to a follower, beside the group's messages.</summary>
    public void SendSnapshot(SimNode from, ReplicaId follower, MachineState state)
    {
        var to = Find(follower);
        Check.That(to is not null, $"a snapshot is to be sent to {follower}, which never existed");
        Check.That(from.Raft?.Role == Role.Leader, $"a snapshot is to be sent by {from.Id}, which doesn't lead");
        var message = new InstallSnapshot(from.Id, follower, from.Raft.Term, state.Metadata);
        from.After(1_000_000 + Duration(from, _snapshots, Swarm.MaxSnapshot), () =>
        {
            var succeeds = to.Process is not null && !Network.IsCut(from.Id, follower) && !Network.IsCut(follower, from.Id) &&
                (Faults.AreOver || !_snapshots.Chance(150));
            if (succeeds)
            {
                to.Process!.Receive(state, message);
            }

            from.After(_snapshots.Between(0, 5_000_000), () =>
                from.Post(new Input.SnapshotSent(follower, state.Position, succeeds)));
        });
    }

    private SimNode AddNode(MachineState beginning)
    {
        // Any two clocks stay within the drift that the options allow.
        var most = (long)(Swarm.Raft.MaxClockDrift * 1_000_000 / 2) - 1_000;
        var node = new SimNode(
            this, new((ulong)_nodes.Count + 1), beginning, most > 0 ? _clocks.Between(-most, most) : 0, _disks.Split());
        _nodes.Add(node);
        node.Start();
        return node;
    }

    private void Deliver(Message message)
    {
        Trace.Add("     deliver", message);
        Find(message.To)?.Post(new Input.MessageReceived(message));
    }

    private void Undelivered(Message message) => Find(message.From)?.Post(new Input.Unreachable(message.To));
}
