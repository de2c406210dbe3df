using RaftDb.Cli.Drills.Faults;

namespace RaftDb.Cli.Drills;

/// <summary>The leader can send and does not hear, and then the other way round.</summary>
internal sealed class PartitionOneWay : PartitionDrill
{
    public override string Name => "partition-one-way";

    public override string Description => "Makes the leader deaf, and then mute, to all others, under load.";

    // A deaf leader keeps its followers quiet until it steps down, up to an election timeout; only then theirs begins.
    protected override double DefaultMaxMs => 7000;

    protected override int DefaultRounds => 2;

    protected override IReadOnlyList<(string Name, Action<ClusterLinks, ulong> Cut)> Cuts { get; } =
    [
        ("deaf", static (links, node) => links.Deafen(node, LinkCondition.Silent)),
        ("mute", static (links, node) => links.Mute(node, LinkCondition.Silent)),
    ];
}
