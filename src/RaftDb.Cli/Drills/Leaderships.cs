using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>Moves leaderships, for drills that need them in one place.</summary>
internal static class Leaderships
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The node leads all user ranges.</summary>
    public static Task ToAsync(DrillRun run, NodeProcess node, CancellationToken cancel) =>
        MoveAsync(run, range => range.Leader == node.Id, _ => node, $"node {node.Id} leads all ranges", cancel);

    /// <summary>The node leads no user range.</summary>
    public static Task AwayFromAsync(DrillRun run, NodeProcess node, CancellationToken cancel)
    {
        NodeProcess[] others = [.. run.Cluster.Nodes.Where(one => one != node)];
        return MoveAsync(run, range => range.Leader != node.Id, range => others[(int)(range.Id % (ulong)others.Length)], $"node {node.Id} leads no range", cancel);
    }

    private static async Task MoveAsync(
        DrillRun run, Func<RangeStatus, bool> isFine, Func<RangeStatus, NodeProcess> to, string goal, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        string why = "no leader is known";
        try
        {
            while (true)
            {
                ulong asked = run.Cluster.Nodes.First(node => node.Runs).Id;
                IReadOnlyList<RangeStatus> ranges = await run.View.RangesAsync(asked, limit.Token);
                RangeStatus[] wrong = [.. ranges.Where(range => range.Leader is null || !isFine(range))];
                if (wrong.Length == 0)
                {
                    return;
                }

                foreach (RangeStatus range in wrong.Where(range => range.Leader is not null))
                {
                    try
                    {
                        await run.View.ClientOf(asked).TransferAsync(range.Id, to(range).Id, limit.Token);
                    }
                    catch (RaftDbException refused)
                    {
                        // The target may be behind for a moment.
                        why = refused.Message;
                    }
                }

                await Task.Delay(50, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new RefusedException($"It could not be brought about within {Patience.TotalSeconds:0} s that {goal}: {why}");
        }
    }
}
