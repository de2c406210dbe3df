using RaftDb.Cli.Drills.Chaos;

namespace RaftDb.Cli.Drills;

/// <summary>All drills by name.</summary>
internal static class DrillCatalogue
{
    public static IReadOnlyList<Drill> All { get; } =
    [
        new LeaderKill(), new LeaderStop(), new LeaderTransfer(), new LeaderPause(), new FollowerCatchUp(), new SnapshotGap(), new RollingRestart(),
        new WholeClusterKill(), new PartitionLeader(), new PartitionOneWay(), new SlowDiskDrill(), new DiskFullDrill(), new BitFlipDrill(), new ChaosDrill(), new Quickstart(),
    ];
}
