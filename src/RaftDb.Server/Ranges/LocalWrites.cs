using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Ranges;

/// <summary>Proposes writes to a replica on this node and says what became of them.</summary>
internal sealed class LocalWrites(NodeId node)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);

    public async ValueTask<Outcome<WriteAnswer>> WriteAsync(Replica replica, ReadOnlyMemory<byte> command, AckMode ack, Deadline deadline)
    {
        Task<ProposalResult> proposed;
        using (LentThread.Lend())
        {
            proposed = replica.ProposeAsync(command, ack, deadline.At);
        }

        ProposalResult result = await proposed;
        switch (result.Status)
        {
            case ProposalStatus.Applied:
                if (Refusal(replica.Range, result.Result) is { } refusal)
                {
                    return refusal;
                }

                RangeDescriptor descriptor = replica.State.Machine.Descriptor;
                return new WriteAnswer(
                    node, replica.Range, First(result), true, result.Result, Nodes(descriptor, result.Acked), Nodes(descriptor, result.Absent));

            case ProposalStatus.Persisted:
                return new WriteAnswer(node, replica.Range, result.Position, false, null);

            case ProposalStatus.NotLeader:
                return new RequestError(
                    ErrorCode.NotLeader, $"Node {node} does not lead range {replica.Range}.", Leader: replica.Leadership.Leader);

            case ProposalStatus.Overloaded:
                return new RequestError(
                    ErrorCode.Overloaded, $"Range {replica.Range} has too many writes under way. Retry later.", RetryAfter: RetryAfter);

            case ProposalStatus.NoSpace:
                return new RequestError(
                    ErrorCode.NoSpace, $"The disk of node {node} is full: it takes no writes until there is room. Free some space, or move leadership away.");

            case ProposalStatus.Late:
                return new RequestError(
                    ErrorCode.Unavailable, $"Range {replica.Range} did not take the write within the deadline. It was not done; retry.");

            case ProposalStatus.Stopped:
                return new RequestError(
                    ErrorCode.NotLeader, $"The replica of range {replica.Range} on node {node} has stopped: {replica.Halted}");

            default:
                return new RequestError(
                    ErrorCode.OutcomeUnknown,
                    $"The write was appended at index {result.Position.Index} of range {replica.Range} and not confirmed within the deadline: it may or may not be done. Read before you repeat it.");
        }
    }

    /// <summary>Where the write was executed: for a repetition in a session that was an earlier entry. Its term does not matter any more.</summary>
    private static LogPosition First(in ProposalResult result) =>
        result.Result is { } done && done.Index < result.Position.Index.Value ? result.Position with { Index = new(done.Index) } : result.Position;

    private static RequestError? Refusal(RangeId range, CommandResult? result) => result?.Status switch
    {
        CommandStatus.OutOfRange => new(ErrorCode.RangeChanged, $"Range {range} no longer holds these keys. Ask again."),
        CommandStatus.SessionExpired => new(ErrorCode.SessionExpired, $"Range {range}: {result.Detail}. Open a new session."),
        CommandStatus.SequenceReused => new(ErrorCode.InvalidArgument, $"Range {range}: {result.Detail}."),
        CommandStatus.SessionLimit => new(ErrorCode.Overloaded, $"Range {range}: {result.Detail}.", RetryAfter: RetryAfter),
        _ => null,
    };

    private static IReadOnlyList<NodeId>? Nodes(RangeDescriptor descriptor, IReadOnlyList<ReplicaId>? replicas) =>
        replicas?.Select(descriptor.NodeOf).ToArray();
}
