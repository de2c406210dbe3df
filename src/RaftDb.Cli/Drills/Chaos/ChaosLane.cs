using System.Diagnostics;

namespace RaftDb.Cli.Drills.Chaos;

/// <summary>
/// One kind of trouble, fault after fault with pauses between, from a seed of its own; lanes run beside each other. Each fault is
/// healed before the lane's next one, so nothing is broken for ever.
/// </summary>
internal abstract class ChaosLane(DrillRun run, int seed)
{
    protected DrillRun Run { get; } = run;

    protected Random Random { get; } = new(seed);

    public int Faults { get; private set; }

    /// <summary>Runs until the time is over, and leaves everything healed.</summary>
    public async Task RunAsync(long started, TimeSpan length, CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(NextPause(), cancel);
            if (Stopwatch.GetElapsedTime(started) >= length)
            {
                return;
            }

            Faults++;
            await FaultAsync(text => Run.Progress.Step(FormattableString.Invariant($"{Stopwatch.GetElapsedTime(started).TotalSeconds,7:0.0} s  {text}")), cancel);
        }
    }

    protected abstract TimeSpan NextPause();

    /// <summary>Does the next fault and undoes it.</summary>
    protected abstract Task FaultAsync(Action<string> tell, CancellationToken cancel);

    protected TimeSpan Between(double least, double most) => TimeSpan.FromSeconds(least + (Random.NextDouble() * (most - least)));

    protected NodeProcess AnyNode() => Run.Cluster.Nodes[Random.Next(Run.Cluster.Nodes.Count)];

    protected (NodeProcess One, NodeProcess Other) AnyPair()
    {
        int one = Random.Next(Run.Cluster.Nodes.Count);
        int other = (one + 1 + Random.Next(Run.Cluster.Nodes.Count - 1)) % Run.Cluster.Nodes.Count;
        return (Run.Cluster.Nodes[one], Run.Cluster.Nodes[other]);
    }
}
