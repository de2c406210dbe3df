using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Server.Replicas;

/// <summary>A change of membership on its way into the log.</summary>
internal sealed class PendingChange(ConfigurationChange change)
{
    private readonly TaskCompletionSource<ProposalOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConfigurationChange Change { get; } = change;

    /// <summary>Where it was appended (which does not mean that it will be committed: the descriptor tells), or why not.</summary>
    public Task<ProposalOutcome> Completion => _completion.Task;

    public void Complete(in ProposalOutcome outcome) => _completion.TrySetResult(outcome);

    public void Stop(string reason) => Complete(new(0, LogPosition.Zero, ProposalRefusal.NotLeader, reason));
}
