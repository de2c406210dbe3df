using RaftDb.Raft;
using RaftDb.Simulation.Clients;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Faults;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation;

/// <summary>One seed from beginning to end: a time of faults in which nothing wrong may happen, then a time without, in which something right must.</summary>
internal sealed class SeedRun
{
    private static readonly TimeSpan SettleWithin = TimeSpan.FromSeconds(60);

    private readonly SimFaults _faults;

    public SeedRun(ulong seed, Func<SwarmOptions, SwarmOptions>? adjust = null, TextWriter? traceFile = null)
    {
        SwarmOptions swarm = SwarmOptions.Draw(new SimRandom(seed).Split("swarm"));
        World = new(seed, adjust is null ? swarm : adjust(swarm), traceFile);
        _faults = new(World);
    }

    public SimCluster World { get; }

    public void Run()
    {
        // 1. A cluster comes to life undisturbed.
        World.Found();
        OpenAccounts();

        // 2. Safety: whatever happens, nothing wrong is said or done.
        World.Clients.Begin(World.Swarm.OperationsPerSecond);
        _faults.Begin();
        World.RunFor(TimeSpan.FromTicks(World.Swarm.Duration / 100));

        // 3. Liveness: when the faults are over the cluster converges and serves.
        World.Trace.Add("faults end");
        World.Clients.End();
        _faults.End();
        Settle();
        ServeEverywhere();
        Settle();
        new HistoryChecks(World.Clients.Operations).Run();
        World.Marks.Hit("events", World.Time.Executed);
        World.Marks.Hit("client operations", World.Clients.Operations.Count);
    }

    private static void Require(bool holds, string broken)
    {
        if (!holds)
        {
            throw new SimulationFailedException(broken);
        }
    }

    private void OpenAccounts()
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            List<ClientOperation> opened = [.. World.Clients.OpenAccounts()];
            World.RunUntil(() => opened.TrueForAll(o => o.Ended > 0), TimeSpan.FromSeconds(5));
            if (opened.TrueForAll(o => o.End == OperationEnd.Done))
            {
                return;
            }
        }

        throw new SimulationFailedException("a new cluster did not take its first writes");
    }

    private void Settle()
    {
        string? why = null;
        bool settled = World.RunUntil(() => (why = Unsettled()) is null, SettleWithin);
        Require(settled, $"{SettleWithin.TotalSeconds} s after the faults ended: {why}");
    }

    /// <summary>Each node that runs takes a write and a read for each range.</summary>
    private void ServeEverywhere()
    {
        List<ClientOperation> asked = [];
        foreach (SimMachine machine in World.Machines)
        {
            foreach (RangeDescriptor range in World.Ranges)
            {
                if (machine.Process is not null && range.Kind == RangeKind.KeyValue)
                {
                    asked.Add(World.Clients.Put(machine.Index, range.Id, SimClients.Key(range.Id, "/key/0")));
                    asked.Add(World.Clients.Get(machine.Index, range.Id, SimClients.Key(range.Id, "/key/0")));
                }
            }
        }

        World.RunUntil(() => asked.TrueForAll(o => o.Ended > 0), TimeSpan.FromSeconds(5));
        foreach (ClientOperation operation in asked)
        {
            Require(operation.End == OperationEnd.Done, $"after the faults ended, {operation.Type} {operation.Key} at node {operation.Node + 1} was not done");
        }
    }

    /// <summary>Why the cluster isn't one leader per range and equal replicas, all committed and applied; or null.</summary>
    private string? Unsettled()
    {
        foreach (RangeDescriptor range in World.Ranges)
        {
            if (World.LeaderOf(range.Id) is not { } leader)
            {
                return $"range {range.Id} has no leader";
            }

            LogIndex last = leader.Replica.Consensus.Last.Index;
            foreach (ReplicaDescriptor member in range.Replicas)
            {
                SimMachine machine = World.Machines[(int)member.Node.Value - 1];
                if (machine.Disk.IsDamaged)
                {
                    // What rot took stays away until somebody replaces it; the others go on without it.
                    continue;
                }

                if (machine.Process is not { } process || process.Replicas.Find(range.Id) is not { } replica)
                {
                    return $"range {range.Id} has no replica on node {member.Node}";
                }

                if (replica.Consensus.Term != leader.Replica.Consensus.Term || replica.Consensus.Applied != last || replica.Consensus.Commit != last || replica.State.Machine.Applied.Index != last)
                {
                    return $"range {range.Id} on node {member.Node} has applied {replica.Consensus.Applied} in term {replica.Consensus.Term}; the leader has {last} in term {leader.Replica.Consensus.Term}";
                }
            }
        }

        return null;
    }
}
