using System.Runtime.CompilerServices;
using RaftDb.Raft;
using RaftDb.Simulation.Clients;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation;

/// <summary>What must come true once nothing disturbs a cluster any more: one leader per range, equal replicas, and every node serves.</summary>
internal sealed class Convergence(SimCluster world)
{
    private static readonly TimeSpan SettleWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProgressFor = TimeSpan.FromMinutes(10);

    public void Check(CountingClients counting)
    {
        Settle();
        ServeEverywhere(attempts: 3);
        Require(world.RunUntil(() => counting.IsIdle, SettleWithin), $"{SettleWithin.TotalSeconds} s after the cluster serves again, increments are not answered");
        Settle();
        counting.Check();
        new HistoryChecks(world.Clients.Operations).Run();
        Linearizability.Check(world.Clients.Operations, world.Marks);
    }

    /// <summary>The first writes of a new cluster.</summary>
    public void OpenAccounts()
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            List<ClientOperation> opened = [.. world.Clients.OpenAccounts()];
            world.RunUntil(() => opened.TrueForAll(o => o.Ended > 0), TimeSpan.FromSeconds(5));
            if (opened.TrueForAll(o => o.End == OperationEnd.Done))
            {
                return;
            }
        }

        throw new SimulationFailedException("a new cluster did not take its first writes");
    }

    /// <summary>Who was away long has to catch up at the pace of its disk and of the network, which may be slow; so what is asked for is progress.</summary>
    private void Settle()
    {
        string? why = null;
        ulong behind = ulong.MaxValue;
        for (TimeSpan waited = TimeSpan.Zero; waited < ProgressFor; waited += SettleWithin)
        {
            if (world.RunUntil(() => (why = Unsettled()) is null, SettleWithin))
            {
                return;
            }

            // Rot that is found only now still stops a process: whoever looks after it starts it again.
            bool isStarted = StartAgain();
            ulong now = Behind();
            if (now >= behind && !isStarted)
            {
                break;
            }

            behind = now;
        }

        Require(false, $"{SettleWithin.TotalSeconds} s after the faults ended, or after the last progress: {why}");
    }

    private bool StartAgain()
    {
        List<SimMachine> down = [.. world.Machines.Where(m => m.Process is null && m.OutOfService is null)];
        down.ForEach(static machine => machine.Start());
        return down.Exists(static machine => machine.Process is not null);
    }

    /// <summary>How many entries are still to be written and to be applied, on all replicas together. Both count: before a new leader can commit anything, all that earlier ones left
    /// has to be copied first.</summary>
    private ulong Behind()
    {
        ulong behind = 0;
        foreach (RangeDescriptor range in world.Ranges)
        {
            foreach (SimMachine machine in world.Machines)
            {
                if (machine.Process?.Replicas.Find(range.Id) is { } replica && world.LeaderOf(range.Id) is { } leader)
                {
                    ulong last = leader.Replica.Consensus.Last.Index.Value;
                    behind += last - Math.Min(last, replica.Consensus.Applied.Value);
                    behind += last - Math.Min(last, replica.Consensus.Persisted.Value);
                }
            }
        }

        return behind;
    }

    /// <summary>Each node that runs takes a write and a read for each range. A connection that breaks only now (its peer was silent for long) may still cost the first attempts.</summary>
    private void ServeEverywhere(int attempts)
    {
        List<ClientOperation> asked = [];
        foreach (SimMachine machine in world.Machines)
        {
            foreach (RangeDescriptor range in world.Ranges)
            {
                if (machine.Process is not null && range.Kind == RangeKind.KeyValue)
                {
                    string key = SimClients.Key(range.Id, "/key/0");
                    asked.Add(world.Clients.Put(machine.Index, range.Id, key));
                    asked.Add(world.Clients.Get(machine.Index, range.Id, key));
                }
            }
        }

        world.RunUntil(() => asked.TrueForAll(o => o.Ended > 0), TimeSpan.FromSeconds(5));
        if (attempts > 1 && asked.Exists(o => o.End != OperationEnd.Done))
        {
            world.RunFor(TimeSpan.FromSeconds(5));
            ServeEverywhere(attempts - 1);
            return;
        }

        foreach (ClientOperation operation in asked)
        {
            Require(operation.End == OperationEnd.Done, $"after the faults ended, {operation.Type} {operation.Key} at node {operation.Node + 1} was not done");
        }
    }

    /// <summary>Why the cluster isn't one leader per range and equal replicas, all committed and applied; or null.</summary>
    private string? Unsettled()
    {
        foreach (RangeDescriptor range in world.Ranges)
        {
            if (world.LeaderOf(range.Id) is not { } leader)
            {
                return $"range {range.Id} has no leader";
            }

            RaftNode leading = leader.Replica.Consensus;
            LogIndex last = leading.Last.Index;
            IReadOnlyList<ReplicaDescriptor> members = world.Swarm.Repairs ? leader.Replica.State.Machine.Descriptor.Replicas : range.Replicas;
            bool isAllThere = !world.Machines.Any(m => m.OutOfService is not null) && world.Machines.Count(m => !m.IsWiped) >= range.Replicas.Count;
            if (world.Swarm.Repairs && isAllThere && leading.Configuration.Voters.Count < range.Replicas.Count)
            {
                return $"range {range.Id} has only {leading.Configuration} and a replica is not rebuilt";
            }

            foreach (ReplicaDescriptor member in members)
            {
                SimMachine machine = world.MachineOf(member.Node);
                if (world.Swarm.Repairs && machine.IsWiped && world.FreeFor(leader.Replica.State.Machine.Descriptor).Count > 0)
                {
                    return $"range {range.Id} still has a replica on node {member.Node}, which was wiped";
                }

                if (machine.Disk.IsDamaged && (!world.Swarm.Repairs || machine.OutOfService is not null || machine.IsWiped))
                {
                    // What rot took stays away until somebody replaces it; the others go on without it.
                    continue;
                }

                if (machine.Process is not { } process || process.Replicas.Find(range.Id) is not { } replica)
                {
                    return $"range {range.Id} has no replica on node {member.Node}";
                }

                if (replica.State.Machine is States.SimStateMachine { IsRotten: true })
                {
                    return $"range {range.Id} has a rotten row on node {member.Node}, and no comparison has found it";
                }

                RaftNode node = replica.Consensus;
                if (replica.Id != member.Replica || replica.Halted is not null)
                {
                    return $"range {range.Id} on node {member.Node} has replica {replica.Id} ({replica.Halted}) and not {member.Replica}";
                }

                if (node.Term != leading.Term || node.Applied != last || node.Commit != last || replica.State.Machine.Applied.Index != last)
                {
                    return $"range {range.Id} on node {member.Node} has applied {node.Applied} in term {node.Term}; the leader has {last} in term {leading.Term}";
                }
            }
        }

        return null;
    }

    private static void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref CheckMessage broken)
    {
        if (!holds)
        {
            throw new SimulationFailedException(broken.ToString());
        }
    }
}
