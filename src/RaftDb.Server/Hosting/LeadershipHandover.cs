using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Server.Hosting;

/// <summary>Before a node stops it hands leadership of its ranges to others, so that clients wait for milliseconds and not for an election.</summary>
internal sealed class LeadershipHandover(LocalReplicas replicas, NodeId node, INodeClock clock, ILogger log)
{
    /// <summary>Hands over every range that this node leads, all at once; gives up on what takes longer than <paramref name="limit"/>.</summary>
    public async Task RunAsync(TimeSpan limit)
    {
        Instant until = clock.Now + limit;
        await Task.WhenAll(replicas.All.Where(r => r.Leadership.IsLeader).Select(r => HandOverAsync(r, until)));
    }

    private async Task HandOverAsync(Replica replica, Instant until)
    {
        while (replica.Leadership.IsLeader && replica.Halted is null && clock.Now < until)
        {
            Leadership before = replica.Leadership;
            ReportRequest request = new();
            replica.Post(request);
            ReplicaReport report = await request.Completion;

            // The follower that has most of the log needs least to catch up.
            FollowerStatus[] candidates =
            [
                .. report.Followers.Where(f => f.IsVoter && f.IsLive && f.Replica != replica.Id).OrderByDescending(f => f.Match),
            ];
            if (candidates.Length == 0)
            {
                log.LogInformation("Range {Range} has no other live voter to lead it", replica.Range);
                return;
            }

            PendingTransfer transfer = new(candidates[0].Replica);
            replica.Post(transfer);
            TimeSpan left = until - clock.Now;
            try
            {
                if (await transfer.Completion.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero) is not { } failure)
                {
                    log.LogInformation(
                        "Handed leadership of range {Range} from node {Node} to node {Target}",
                        replica.Range, node, replica.State.Machine.Descriptor.NodeOf(candidates[0].Replica));
                    return;
                }

                log.LogInformation("Leadership of range {Range} was not handed over: {Reason}", replica.Range, failure);
                await before.ChangesWithinAsync(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
            }
            catch (TimeoutException)
            {
                // Nothing changed meanwhile: try again, until the time is up.
            }
        }
    }
}
