namespace RaftDb.Cli.Drills;

/// <summary>A node was away for a while and catches up from the retained log.</summary>
internal sealed class FollowerCatchUp : AwayFollowerDrill
{
    public override string Name => "follower-catch-up";

    public override string Description => "Stops a follower, writes on, and lets it catch up from the log.";

    protected override int DefaultWrites => 20_000;

    public override string Promise(DrillSettings settings) => "the node catches up by log entries alone, without a snapshot";

    protected override void Judge(DrillRun run, double snapshotsReceived)
    {
        if (snapshotsReceived > 0)
        {
            run.Fail($"The node received {snapshotsReceived:0} snapshots; the retained log should have been enough.");
        }
    }
}
