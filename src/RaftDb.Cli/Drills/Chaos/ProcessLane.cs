namespace RaftDb.Cli.Drills.Chaos;

/// <summary>Nodes are killed, stand still, and are restarted; now and then most or all of them are killed at once.</summary>
internal sealed class ProcessLane(DrillRun run, int seed) : ChaosLane(run, seed)
{
    protected override TimeSpan NextPause() => Between(0.5, 4);

    protected override async Task FaultAsync(Action<string> tell, CancellationToken cancel)
    {
        // 1. Nobody may have ended by itself since the last fault.
        foreach (NodeProcess one in Run.Cluster.Nodes)
        {
            one.MustRun();
        }

        // 2. All choices are drawn before anything is done: what is drawn must not hang on how things go.
        NodeProcess node = AnyNode();
        int dice = Random.Next(100);
        int count = Random.Next(2, Run.Cluster.Nodes.Count + 1);
        TimeSpan length = Between(0.1, 5);
        switch (dice)
        {
            case < 35:
                tell(FormattableString.Invariant($"kill node {node.Id} for {length.TotalSeconds:0.0} s"));
                await KillAsync([node], length, cancel);
                break;
            case < 70:
                tell(FormattableString.Invariant($"pause node {node.Id} for {length.TotalSeconds:0.0} s"));
                node.Signal(Signals.Stop);
                try
                {
                    await Task.Delay(length, cancel);
                }
                finally
                {
                    node.Signal(Signals.Continue);
                }

                break;
            case < 88:
                tell($"restart node {node.Id}");
                await Run.Cluster.StopAsync(node, cancel);
                Run.Cluster.Start(node);
                break;
            default:
                NodeProcess[] victims = [.. Run.Cluster.Nodes.Where(one => one == node).Concat(Run.Cluster.Nodes.Where(one => one != node)).Take(count)];
                tell(FormattableString.Invariant($"kill nodes {string.Join(", ", victims.Select(one => one.Id))} at once for {length.TotalSeconds:0.0} s"));
                await KillAsync(victims, length, cancel);
                break;
        }
    }

    private async Task KillAsync(IReadOnlyList<NodeProcess> nodes, TimeSpan length, CancellationToken cancel)
    {
        await Task.WhenAll(nodes.Select(node => Run.Cluster.KillAsync(node, cancel)));
        await Task.Delay(length, cancel);
        foreach (NodeProcess node in nodes)
        {
            Run.Cluster.Start(node);
        }
    }
}
