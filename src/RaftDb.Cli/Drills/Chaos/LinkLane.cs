using RaftDb.Cli.Drills.Faults;

namespace RaftDb.Cli.Drills.Chaos;

/// <summary>The network between the nodes: nodes cut off, deaf, mute; pairs cut, slow, broken, refused.</summary>
internal sealed class LinkLane(DrillRun run, int seed) : ChaosLane(run, seed)
{
    private ClusterLinks Links => Run.Cluster.Links!;

    protected override TimeSpan NextPause() => Between(0.2, 3);

    protected override async Task FaultAsync(Action<string> tell, CancellationToken cancel)
    {
        ulong node = AnyNode().Id;
        (NodeProcess first, NodeProcess second) = AnyPair();
        (ulong one, ulong other) = (first.Id, second.Id);
        int dice = Random.Next(100);
        TimeSpan delay = Between(0.005, 0.3);
        int kilobytes = Random.Next(30, 1000);
        TimeSpan length = Between(0.1, 7);
        string time = FormattableString.Invariant($"for {length.TotalSeconds:0.0} s");
        switch (dice)
        {
            case < 20:
                tell($"cut node {node} off {time}");
                Links.Isolate(node);
                break;
            case < 32:
                tell($"make node {node} deaf {time}");
                Links.Deafen(node, LinkCondition.Silent);
                break;
            case < 44:
                tell($"make node {node} mute {time}");
                Links.Mute(node, LinkCondition.Silent);
                break;
            case < 56:
                tell($"cut nodes {one} and {other} {time}");
                Links.Between(one, other, LinkCondition.Silent);
                break;
            case < 62:
                tell($"cut what node {one} sends to node {other} {time}");
                Links[one, other].Set(LinkCondition.Silent);
                break;
            case < 74:
                tell(FormattableString.Invariant($"delay what nodes {one} and {other} send each other by {delay.TotalMilliseconds:0} ms {time}"));
                Links.Between(one, other, new(Delay: delay));
                break;
            case < 82:
                tell($"throttle what node {node} sends to {kilobytes} kB/s {time}");
                Links.Mute(node, new(BytesPerSecond: kilobytes * 1000));
                break;
            case < 92:
                tell($"break the connections of nodes {one} and {other}");
                Links.Reset(one, other);
                return;
            default:
                tell($"refuse connections between nodes {one} and {other} {time}");
                Links.Refuse(one, other);
                break;
        }

        try
        {
            await Task.Delay(length, cancel);
        }
        finally
        {
            Links.Heal();
            Links.Accept(one, other);
        }
    }
}
