namespace RaftDb.Cli.Drills;

/// <summary>A node was away for longer than the log is retained and comes back by snapshot.</summary>
internal sealed class SnapshotGap : AwayFollowerDrill
{
    public override string Name => "snapshot-gap";

    public override string Description => "Stops a follower for longer than the log is kept, and lets it come back by snapshot.";

    public override IEnumerable<string> NodeSettings =>
        ["Binlog:RetainedEntries=1000", "Binlog:RetainedBytes=262144", "Binlog:SegmentBytes=1048576", "Node:CheckpointEntries=1000"];

    protected override int DefaultWrites => 20_000;

    public override string Promise(DrillSettings settings) => "the node comes back by snapshot, with every acknowledged write";

    protected override void Judge(DrillRun run, double snapshotsReceived)
    {
        if (snapshotsReceived < 1)
        {
            run.Fail("The node received no snapshot: the log was still long enough, so the drill rehearsed nothing. Try more --writes.");
        }
    }
}
