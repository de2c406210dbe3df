namespace RaftDb.Cli.Drills;

/// <summary>The leader is told to stop (SIGTERM): it hands its ranges over first.</summary>
internal sealed class LeaderStop : LeaderFaultDrill
{
    public override string Name => "leader-stop";

    public override string Description => "Stops the leader cleanly, again and again, under load.";

    protected override double DefaultMaxMedianMs => 100;

    protected override double DefaultMaxMs => 1500;

    protected override string Verb => "stopped";

    protected override Task FaultAsync(ClusterProcesses cluster, NodeProcess victim, CancellationToken cancel) => cluster.StopAsync(victim, cancel);
}
