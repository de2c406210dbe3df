using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Faults;

/// <summary>What an operator does at bad times: moves leadership, changes members, makes checkpoints; and clients ask more or less.</summary>
internal sealed class ClusterActions(SimCluster world, SimRandom random, MachineFaults machines)
{
    private readonly SimRandom _snapshots = random.Split("snapshots");

    /// <summary>Faults are on: where members are changed at all, that is tried at the worst time too, before a new leader has committed anything.</summary>
    public void Begin()
    {
        if (world.Swarm.FaultEveryMs.ContainsKey(FaultKind.ChangeMembers))
        {
            world.Elected = range =>
            {
                if (random.Chance(200_000))
                {
                    ChangeMembers(world.Range(range));
                }
            };
        }

        if (world.Swarm.PowerMayGo || world.Swarm.FaultEveryMs.ContainsKey(FaultKind.Kill))
        {
            // Who takes a snapshot dies in the middle of it, or while it is installed.
            world.SnapshotBegins = receiver =>
            {
                if (_snapshots.Chance(200_000))
                {
                    bool power = world.Swarm.PowerMayGo && _snapshots.Coin();
                    world.Time.After(_snapshots.Below(20_000_000L), () => machines.Kill(receiver.IsAlive ? receiver.Machine : null, power));
                }
            };
        }
    }

    public bool Do(FaultKind kind)
    {
        RangeDescriptor range = random.Pick(world.Ranges);
        switch (kind)
        {
            case FaultKind.Transfer:
                return Transfer(range);
            case FaultKind.TransferCutOff:
                return TransferCutOff(range);
            case FaultKind.ChangeMembers:
                return ChangeMembers(range);
            case FaultKind.MoveReplica:
                return MoveReplica(range);
            case FaultKind.Checkpoint:
                SimMachine machine = random.Pick(world.Machines);
                if (machine.Process is not { } process || process.Replicas.Find(range.Id) is not { } replica)
                {
                    return false;
                }

                process.Post(_ => replica.Checkpoints.Run());
                return true;
            default:
                world.Clients.Begin(random.Pick([10, world.Swarm.OperationsPerSecond, world.Swarm.OperationsPerSecond * 3]));
                return true;
        }
    }

    /// <summary>Everybody votes again.</summary>
    public void Heal()
    {
        world.Elected = null;
        world.SnapshotBegins = null;
        foreach (RangeDescriptor range in world.Ranges)
        {
            if (world.Swarm.Repairs)
            {
                ReplaceWiped(range, 0);
            }
            else
            {
                EverybodyVotes(range, 0);
            }
        }
    }

    /// <summary>A machine that lost its disk does not come back under its name: its replica goes to a machine that has none of the range, as long as there is one.</summary>
    private void ReplaceWiped(RangeDescriptor range, int attempt)
    {
        if (attempt == 200 || !world.Machines.Any(m => m.IsWiped))
        {
            return;
        }

        if (world.LeaderOf(range.Id) is { } leader)
        {
            RangeDescriptor now = leader.Replica.State.Machine.Descriptor;
            if (now.Replicas.Select(r => world.MachineOf(r.Node)).FirstOrDefault(m => m.IsWiped) is not { } wiped)
            {
                return;
            }

            // Where there is none, a move that is under way may still make one free.
            if (world.FreeFor(now) is { Count: > 0 } free)
            {
                leader.Process.Post(p => _ = MoveAsync(p, new(range.Id.Value, wiped.Node.Value, random.Pick(free).Node.Value), "D7 replica of a wiped machine moved to another"));
            }
        }

        world.Time.After(1_500_000_000, () => ReplaceWiped(range, attempt + 1));
    }

    private void EverybodyVotes(RangeDescriptor range, int attempt)
    {
        if (attempt < 200 && world.Checks.Of(range.Id).Configuration is { } configuration && (configuration.IsJoint || configuration.Voters.Count < range.Replicas.Count))
        {
            if (world.LeaderOf(range.Id) is { } leader)
            {
                ConfigurationChange change = configuration.IsJoint
                    ? ConfigurationChange.LeaveJoint
                    : new([.. range.Replicas.Where(r => !configuration.Voters.Contains(r.Replica)).Select(r => new ReplicaChange(ConfigurationChangeKind.AddVoter, r.Replica))], ConfigurationTransition.Auto);
                Propose(leader.Process, leader.Replica, change);
            }

            world.Time.After(300_000_000, () => EverybodyVotes(range, attempt + 1));
        }
    }

    private bool Transfer(RangeDescriptor range)
    {
        if (world.Machines[random.Below(world.Machines.Count)].Process is not { } process)
        {
            return false;
        }

        NodeId to = random.Pick(range.Replicas).Node;
        process.Post(p => _ = TransferAsync(p, range.Id, to));
        return true;
    }

    /// <summary>Just when it has told another to campaign, the leader hears nobody any more, not even that there is another leader.</summary>
    private bool TransferCutOff(RangeDescriptor range)
    {
        if (range.Replicas.Count < 2 || world.LeaderOf(range.Id) is not { } leader)
        {
            return false;
        }

        int own = leader.Process.Machine.Index;
        NodeId to = random.Pick([.. range.Replicas.Where(r => r.Node != leader.Process.Node)]).Node;
        leader.Process.Post(p => _ = TransferAsync(p, range.Id, to));
        world.Trace.Add($"range {range.Id} goes from node {leader.Process.Node} to {to}");
        world.Time.After(random.Between(0, 10_000_000L), () =>
        {
            for (int other = 0; other < world.Machines.Count; other++)
            {
                world.Network.Cut(other, own);
            }
        });
        world.Time.After(random.Between(100_000_000L, 3_000_000_000L), world.Network.Heal);
        return true;
    }

    private async Task TransferAsync(SimProcess process, RangeId range, NodeId to)
    {
        RequestError? error = await process.Router.TransferAsync(range, to, process.Router.DeadlineIn(TimeSpan.FromSeconds(3)), CancellationToken.None);
        world.Marks.Hit(error is null ? "E2 transfer done among writes" : "E1 transfer refused or failed");
        if (error is not null && world.Swarm.Raft.FailoverMode == FailoverMode.Lease)
        {
            world.Marks.Hit("C7 transfer failed where leases are held");
        }
    }

    /// <summary>A client has a replica moved to a machine that has none of its range, by the product's own code: a learner comes, catches up, and takes the place of a voter.</summary>
    private bool MoveReplica(RangeDescriptor range)
    {
        if (world.LeaderOf(range.Id) is not { } leader)
        {
            return false;
        }

        RangeDescriptor now = leader.Replica.State.Machine.Descriptor;
        IReadOnlyList<SimMachine> free = world.FreeFor(now);
        if (free.Count == 0 || leader.Replica.State.Machine.Configuration.Voters.Count < Math.Min(world.Swarm.ReplicationFactor, range.Replicas.Count))
        {
            // Of two voters none may be on a machine that rots: a range that lacks a voter gets it back first, and a learner is none yet.
            return false;
        }

        NodeId from = random.Pick(now.Replicas).Node;
        NodeId to = random.Pick(free).Node;
        world.Trace.Add($"range {range.Id}: the replica on node {from} is to move to node {to}");
        leader.Process.Post(p => _ = MoveAsync(p, new(range.Id.Value, from.Value, to.Value), "D5 replica moved to another node"));
        return true;
    }

    private async Task MoveAsync(SimProcess process, MoveMessage move, string mark)
    {
        try
        {
            ReadOnlyMemory<byte> answer = await process.Moves.ServeAsync(move.Encode(), Timeout.InfiniteTimeSpan, CancellationToken.None);
            world.Marks.Hit(PeerRequestCodec.DecodeError(answer) is null ? mark : "replica moves that ended otherwise");
        }
        catch (Exception e) when (e is not PowerCutException)
        {
            process.Fail(e);
        }
    }

    private bool ChangeMembers(RangeDescriptor range)
    {
        if (range.Replicas.Count < 2 || world.LeaderOf(range.Id) is not { } leader)
        {
            return false;
        }

        Configuration current = leader.Replica.Consensus.Configuration;
        ConfigurationTransition transition = random.Pick(
            [ConfigurationTransition.Auto, ConfigurationTransition.JointAutoLeave, ConfigurationTransition.JointExplicitLeave]);
        ConfigurationChange change;
        if (current.IsJoint)
        {
            change = ConfigurationChange.LeaveJoint;
        }
        else
        {
            List<ReplicaChange> changes = [];
            if (current.Learners.Count > 0)
            {
                changes.Add(new(ConfigurationChangeKind.AddVoter, random.Pick(current.Learners)));
            }

            if (current.Voters.Count > 1 && (changes.Count == 0 || random.Coin()))
            {
                changes.Add(new(ConfigurationChangeKind.AddLearner, random.Pick(current.Voters)));
            }

            if (changes.Count == 0)
            {
                return false;
            }

            change = new(changes, transition);
        }

        world.Trace.Add($"range {range.Id}: {string.Join(", ", change.Changes.Select(c => $"{c.Kind} {c.Replica}"))} {change.Transition} on {current}");
        MarkRows(range, leader.Replica, change);
        Propose(leader.Process, leader.Replica, change);
        if (random.Chance(300_000))
        {
            // Another operator wants something else at the same time.
            ConfigurationChange second = new([new(random.Coin() ? ConfigurationChangeKind.AddVoter : ConfigurationChangeKind.AddLearner, random.Pick(range.Replicas).Replica)], transition);
            world.Time.After(random.Below(3_000_000L), () => Propose(leader.Process, leader.Replica, second));
        }

        if (random.Chance(200_000))
        {
            // The leader dies of it: others know that it is committed, or not, and have applied it, or not.
            world.Time.After(random.Below(100_000_000L), () => machines.Kill(leader.Process.IsAlive ? leader.Process.Machine : null, power: false));
        }

        return true;
    }

    private void MarkRows(RangeDescriptor range, Replica leader, ConfigurationChange change)
    {
        if (leader.Consensus.Term > world.Checks.Of(range.Id).HighestTerm)
        {
            world.Marks.Hit("D1 change of members before the term has committed");
        }

        bool demotes = change.Changes.Any(c => c.Kind == ConfigurationChangeKind.AddLearner);
        if (demotes)
        {
            world.Marks.Hit("A8 voter demoted");
        }

        if (change.Changes.Any(c => c.Kind == ConfigurationChangeKind.AddLearner && c.Replica == leader.Id))
        {
            world.Marks.Hit("D4 leader demotes itself");
        }

        if (demotes && change.Changes.Count > 1)
        {
            world.Marks.Hit("D6 voter and learner swap");
        }

        if (world.Machines.Any(m => m.Process is not { IsPaused: false }))
        {
            world.Marks.Hit("D5 change of members while a node is away");
        }
    }

    private static void Propose(SimProcess process, Replica replica, ConfigurationChange change) =>
        process.Post(_ => replica.ProposeChangeAsync(change));
}
