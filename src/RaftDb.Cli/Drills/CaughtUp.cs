using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>Whether a node has what others had at some moment.</summary>
internal static class CaughtUp
{
    /// <param name="run">The drill.</param>
    /// <param name="node">The node that was behind.</param>
    /// <param name="goal">The ranges as another node saw them: their commit indexes are the goal.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<bool> HasAppliedAsync(DrillRun run, NodeProcess node, IReadOnlyList<RangeStatus> goal, CancellationToken cancel)
    {
        IReadOnlyList<RangeStatus> now = await run.View.RangesAsync(node.Id, cancel);
        return goal.All(range => now.Any(own => own.Id == range.Id && ClusterView.AppliedOn(own, node.Id) >= range.Commit));
    }
}
