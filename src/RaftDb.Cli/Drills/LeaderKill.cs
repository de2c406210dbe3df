namespace RaftDb.Cli.Drills;

/// <summary>The leader's process is killed (SIGKILL).</summary>
internal sealed class LeaderKill : LeaderFaultDrill
{
    public override string Name => "leader-kill";

    public override string Description => "Kills the leader's process, again and again, under load.";

    protected override double DefaultMaxMedianMs => 200;

    protected override double DefaultMaxMs => 1500;

    protected override string Verb => "killed";

    protected override Task FaultAsync(ClusterProcesses cluster, NodeProcess victim, CancellationToken cancel) => cluster.KillAsync(victim, cancel);
}
