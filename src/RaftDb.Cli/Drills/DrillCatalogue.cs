namespace RaftDb.Cli.Drills;

/// <summary>All drills by name.</summary>
internal static class DrillCatalogue
{
    public static IReadOnlyList<Drill> All { get; } =
    [
        new LeaderKill(), new LeaderStop(), new LeaderPause(), new FollowerCatchUp(), new SnapshotGap(), new RollingRestart(),
        new WholeClusterKill(), new Quickstart(),
    ];
}
