using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Replicas;

/// <summary>Who leads, as one replica knows it.</summary>
/// <param name="Role">This replica's role.</param>
/// <param name="Term">The term.</param>
/// <param name="Leader">The leader's node; null when unknown.</param>
internal sealed record Leadership(Role Role, Term Term, NodeId? Leader)
{
    private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when this is no longer how it is.</summary>
    public Task Changed => _changed.Task;

    public bool IsLeader => Role == Role.Leader;

    public void Supersede() => _changed.TrySetResult();
}
