using RaftDb.Raft;
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
        ProposalResult result = await replica.ProposeAsync(command, ack, deadline.At);
        switch (result.Status)
        {
            case ProposalStatus.Applied:
                if (result.Result is { Status: CommandStatus.OutOfRange })
                {
                    return new RequestError(ErrorCode.RangeChanged, $"Range {replica.Range} no longer holds these keys. Ask again.");
                }

                RangeDescriptor descriptor = replica.State.Machine.Descriptor;
                return new WriteAnswer(
                    node, replica.Range, result.Position, true, result.Result, Nodes(descriptor, result.Acked), Nodes(descriptor, result.Absent));

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

    private static IReadOnlyList<NodeId>? Nodes(RangeDescriptor descriptor, IReadOnlyList<ReplicaId>? replicas) =>
        replicas?.Select(descriptor.NodeOf).ToArray();
}
