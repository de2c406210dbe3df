using RaftDb.Cli.Drills.Faults;

namespace RaftDb.Cli.Drills;

/// <summary>The leader is cut off from both others, both ways; clients still reach it.</summary>
internal sealed class PartitionLeader : PartitionDrill
{
    public override string Name => "partition-leader";

    public override string Description => "Cuts the leader off from all others, again and again, under load.";

    // An election timeout of up to 2 s, and as much again for a split vote.
    protected override double DefaultMaxMs => 4000;

    protected override int DefaultRounds => 3;

    protected override IReadOnlyList<(string Name, Action<ClusterLinks, ulong> Cut)> Cuts { get; } =
        [("cut off", static (links, node) => links.Isolate(node))];
}
