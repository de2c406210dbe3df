using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Replicas;

/// <summary>What a replica says of itself.</summary>
internal sealed record ReplicaReport(
    Role Role, Term Term, NodeId? Leader, LogIndex Commit, LogIndex Applied, LogIndex Last, LogIndex Floor, IReadOnlyList<FollowerStatus> Followers, string? Halted);

/// <summary>Asks a replica for its report.</summary>
internal sealed class ReportRequest
{
    private readonly TaskCompletionSource<ReplicaReport> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<ReplicaReport> Completion => _completion.Task;

    public void Complete(ReplicaReport report) => _completion.TrySetResult(report);
}
