using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills.Chaos;

/// <summary>Leaderships are moved, where the cluster lets them.</summary>
internal sealed class TransferLane(DrillRun run, int seed) : ChaosLane(run, seed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public int Refused { get; private set; }

    protected override TimeSpan NextPause() => Between(1, 5);

    protected override async Task FaultAsync(Action<string> tell, CancellationToken cancel)
    {
        ulong asked = AnyNode().Id;
        ulong to = AnyNode().Id;
        int choice = Random.Next(1000);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            IReadOnlyList<RangeStatus> ranges = await Run.View.RangesAsync(asked, limit.Token);
            if (ranges.Count > 0)
            {
                RangeStatus range = ranges[choice % ranges.Count];
                await Run.View.ClientOf(asked).TransferAsync(range.Id, to, limit.Token);
                tell($"leadership of range {range.Id} transferred to node {to}");
            }
        }
        catch (RaftDbException)
        {
            // The node is down, the target is not fit, there is no leader: all of it is to be expected here.
            Refused++;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Refused++;
        }
    }
}
