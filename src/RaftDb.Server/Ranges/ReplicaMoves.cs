using Microsoft.Extensions.Logging;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Placement;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>Moves replicas from node to node: a learner comes, catches up, and takes the old voter's place in one joint change. When the leader changes half way, or the time is over, what is left
/// is either a learner that is not needed, which <see cref="RangeRepair"/> removes, or a joint change, which the next leader finishes. A range that lacks a voter is not moved: it gets that one back first.</summary>
internal sealed class ReplicaMoves(NodeId node, RangeMap map, LocalReplicas replicas, IReplicaHost host, RangeStatusBuilder status, RangeRepair repair, TimeProvider time, ILogger log)
{
    /// <summary>How long a move may take, whoever waits for it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    /// <summary>Between two looks at how far a learner is.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    /// <summary>Moves a replica; answers when it is done, or at the deadline (then it goes on).</summary>
    public async Task<RequestError?> MoveAsync(RangeId range, NodeId from, NodeId to, TimeSpan within, CancellationToken cancel)
    {
        if (map.Find(range) is null)
        {
            return new(ErrorCode.NotFound, $"There is no range {range}. See /v1/ranges.");
        }

        RangeStatus? known = (await status.AllAsync(cancel)).FirstOrDefault(r => r.Id == range.Value);
        if (known?.Leader is not { } leader)
        {
            return new(ErrorCode.Unavailable, $"Range {range} has no leader that this node knows of. Nothing was changed; retry when it has one.");
        }

        if (leader == node.Value)
        {
            return await MoveHereAsync(range, from, to, within, cancel);
        }

        try
        {
            MoveMessage message = new(range.Value, from.Value, to.Value);
            return PeerRequestCodec.DecodeError(await host.Transport.RequestAsync(new NodeId(leader), PeerRequestKind.Move, message.Encode(), within, cancel));
        }
        catch (PeerUnreachableException e)
        {
            return new(e.NotSent ? ErrorCode.Unavailable : ErrorCode.OutcomeUnknown, $"Node {leader}, which leads range {range}, did not answer: {e.Message} See `raftdb ranges` before you repeat it.");
        }
    }

    /// <summary>Serves another node that wants a replica of a range moved which is led here.</summary>
    public async Task<ReadOnlyMemory<byte>> ServeAsync(ReadOnlyMemory<byte> payload, TimeSpan within, CancellationToken cancel)
    {
        MoveMessage message = MoveMessage.Decode(payload);
        return PeerRequestCodec.EncodeError(await MoveHereAsync(new(message.Range), new(message.From), new(message.To), within, cancel));
    }

    private async Task<RequestError?> MoveHereAsync(RangeId range, NodeId from, NodeId to, TimeSpan within, CancellationToken cancel)
    {
        if (replicas.FindServing(range) is not { Halted: null } leader || !leader.Leadership.IsLeader)
        {
            return new(ErrorCode.NotLeader, $"Node {node} does not lead range {range} (any more). Nothing was changed; retry.");
        }

        if (Refusal(leader, from, to) is { } refusal)
        {
            return refusal;
        }

        if (!leader.Change.TryTake())
        {
            return UnderWay(leader);
        }

        TaskCompletionSource<RequestError?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.RunInBackground($"moving a replica of range {range} from node {from} to node {to}", async stop =>
        {
            try
            {
                RequestError? failure = await MoveAsync(leader, from, to, host.Now + Limit, stop);
                log.LogInformation("Moving the replica of range {Range} from node {From} to node {To}: {Outcome}", range, from, to, failure?.Detail ?? "done");
                done.TrySetResult(failure);
            }
            finally
            {
                leader.Change.Release();
            }
        });
        try
        {
            return await done.Task.WaitAsync(within, time, cancel);
        }
        catch (TimeoutException)
        {
            return new(ErrorCode.OutcomeUnknown, $"The replica of range {range} is still on its way from node {from} to node {to}; it goes on. See `raftdb ranges`.");
        }
    }

    private static RequestError UnderWay(Replica leader) => new(ErrorCode.Unavailable, $"The replicas of range {leader.Range} are being changed already. Retry when that is over.");

    /// <summary>With one voter fewer, the next one that is lost may take the range with it.</summary>
    private RequestError? LacksVoters(Replica leader)
    {
        int voters = leader.State.Machine.Configuration.Voters.Count;
        int wanted = repair.Wanted(leader.Range);
        return voters < wanted
            ? new(ErrorCode.Unavailable, $"Range {leader.Range} has only {voters} of {wanted} voters, and gets the missing one back first. Retry when `raftdb ranges` shows all of them.")
            : null;
    }

    private RequestError? Refusal(Replica leader, NodeId from, NodeId to)
    {
        RangeDescriptor descriptor = leader.State.Machine.Descriptor;
        string nodes = string.Join(", ", descriptor.Replicas.Select(r => r.Node));
        return LacksVoters(leader) is { } lacks ? lacks
            : leader.State.Machine.Configuration.IsJoint ? UnderWay(leader)
            : descriptor.ReplicaOn(from).IsNone ? new(ErrorCode.InvalidArgument, $"Range {leader.Range} has no replica on node {from}; its replicas are on nodes {nodes}.")
            : !descriptor.ReplicaOn(to).IsNone ? new(ErrorCode.InvalidArgument, $"Range {leader.Range} has a replica on node {to} already; its replicas are on nodes {nodes}.")
            : to != node && !host.Transport.Peers.Any(p => p.Node == to && p.Connected) ? new(ErrorCode.Unavailable, $"Node {to} is not connected. Nothing was changed.")
            : null;
    }

    private async Task<RequestError?> MoveAsync(Replica leader, NodeId from, NodeId to, Instant until, CancellationToken cancel)
    {
        // 1. A learner comes.
        RangeDescriptor before = leader.State.Machine.Descriptor;
        ReplicaId learner = before.NextReplicaId;
        if (await ChangeAsync(leader, MembershipChanges.Add(learner, to), d => d.NodeOf(learner) == to, until, cancel) is { } notAdded)
        {
            return notAdded;
        }

        // 2. It catches up.
        while (!RepairPlan.HasCaughtUp(await LookAtAsync(leader, learner, cancel), leader.State.Machine.Applied.Index))
        {
            if (!leader.Leadership.IsLeader || leader.Halted is not null || host.Now > until)
            {
                return new(ErrorCode.Unavailable, $"The new replica on node {to} has not caught up, and is given up again. Retry.");
            }

            await Task.Delay(LookAgain, time, cancel);
        }

        // 3. It takes the place of the old one; or of one that was lost meanwhile, and whoever looks after the range sees to that.
        if (LacksVoters(leader) is { } lacks)
        {
            return lacks;
        }

        ReplicaId voter = leader.State.Machine.Descriptor.ReplicaOn(from);
        return voter.IsNone
            ? null
            : await ChangeAsync(leader, MembershipChanges.Swap(learner, voter), _ => leader.State.Machine.Configuration.IsVoter(learner), until, cancel);
    }

    private static async Task<FollowerStatus> LookAtAsync(Replica leader, ReplicaId learner, CancellationToken cancel) =>
        (await MembershipChanges.ReportAsync(leader).WaitAsync(cancel)).Followers.FirstOrDefault(f => f.Replica == learner);

    /// <summary>Makes a change and waits until it is applied here. A joint configuration that it leads to is left by whoever leads then.</summary>
    private static async Task<RequestError?> ChangeAsync(Replica leader, ConfigurationChange change, Func<RangeDescriptor, bool> isMade, Instant until, CancellationToken cancel)
    {
        ProposalOutcome outcome = await leader.ProposeChangeAsync(change).WaitAsync(cancel);
        if (outcome.Accepted == 0)
        {
            return new(ErrorCode.Unavailable, $"The change of membership was refused: {outcome.Refusal} {outcome.Detail}".TrimEnd() + ". Retry.");
        }

        ReadResult applied = await leader.WaitAppliedAsync(outcome.First.Index, until).WaitAsync(cancel);
        return applied.Status == ReadStatus.Ready && isMade(leader.State.Machine.Descriptor)
            ? null
            : new(ErrorCode.OutcomeUnknown, $"The change of membership at index {outcome.First.Index} may or may not have been made ({applied.Status}). See `raftdb ranges`.");
    }
}
