using RaftDb.Simulation.Core;
using RaftDb.Simulation.Faults;

namespace RaftDb.Simulation;

/// <summary>One seed from beginning to end: a time of faults in which nothing wrong may happen, then a time without, in which something right must.</summary>
internal sealed class SeedRun
{
    /// <summary>Faults go on until the cluster was asked so often at least.</summary>
    private const int LeastOperations = 1000;

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
        Convergence convergence = new(World);
        World.Found();
        convergence.OpenAccounts();

        // 2. Safety: whatever happens, nothing wrong is said or done.
        World.Clients.Begin(World.Swarm.OperationsPerSecond);
        World.Counting.Begin();
        _faults.Begin();
        World.RunFor(TimeSpan.FromTicks(World.Swarm.Duration / 100));
        for (int more = 0; more < 400 && World.Clients.Asked < LeastOperations; more++)
        {
            // A small cluster may be down altogether, by a fault that came late, and nobody asks who is not there.
            _faults.StartAgain();
            World.RunFor(TimeSpan.FromSeconds(2));
        }

        // 3. Liveness: when the faults are over the cluster converges and serves.
        World.Trace.Add("faults end");
        World.Clients.End();
        World.Counting.End();
        _faults.End();
        convergence.Check(World.Counting);
        World.Marks.Hit("events", World.Time.Executed);
        World.Marks.Hit("client operations", World.Clients.Asked);
        World.Marks.Hit("seeds with 1,000 client operations", World.Clients.Asked >= LeastOperations ? 1 : 0);
        World.Marks.Hit("H6 digests compared at an equal index", World.Checks.Compared);
        World.Marks.Hit("client operations done", World.Clients.Operations.Count(o => o.End == Clients.OperationEnd.Done));
    }
}
