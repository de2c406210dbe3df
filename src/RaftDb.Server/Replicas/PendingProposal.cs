using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Replicas;

/// <summary>What is certain about a proposal when its proposer is answered.</summary>
internal enum ProposalStatus : byte
{
    /// <summary>Committed and applied here.</summary>
    Applied,

    /// <summary>On the leader's disk (ack=leader).</summary>
    Persisted,

    /// <summary>Certainly not done and never will be: this replica doesn't lead, or another entry took its place.</summary>
    NotLeader,

    /// <summary>Certainly not done: too much is under way.</summary>
    Overloaded,

    /// <summary>Certainly not done: the leader's disk is full.</summary>
    NoSpace,

    /// <summary>Certainly not done: the deadline passed before it was appended.</summary>
    Late,

    /// <summary>Certainly not done: this replica has stopped.</summary>
    Stopped,

    /// <summary>It was appended, and nobody here knows whether it will commit.</summary>
    Unknown,
}

/// <summary>The end of a proposal.</summary>
internal readonly record struct ProposalResult(
    ProposalStatus Status,
    LogPosition Position = default,
    CommandResult? Result = null,
    IReadOnlyList<ReplicaId>? Acked = null,
    IReadOnlyList<ReplicaId>? Absent = null);

/// <summary>A command on its way through the log, and who waits for it. Owned by the replica's loop once it is in the inbox.</summary>
internal sealed class PendingProposal(ReadOnlyMemory<byte> command, AckMode ack, Instant deadline) : IThreadPoolWorkItem
{
    // Who proposes on a lent thread can be answered on one.
    private readonly bool _isAnsweredAnywhere = LentThread.IsLent;
    private readonly TaskCompletionSource<ProposalResult> _completion =
        new(LentThread.IsLent ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

    private ProposalResult _result;
    private int _isEnding;

    public ReadOnlyMemory<byte> Command { get; } = command;

    public AckMode Ack { get; } = ack;

    public Instant Deadline { get; } = deadline;

    /// <summary>Where it was appended; default before that.</summary>
    public LogPosition Position { get; set; }

    /// <summary>ack=all: what the apply gave, while the other voters are awaited.</summary>
    public CommandResult? Result { get; set; }

    public Task<ProposalResult> Completion => _completion.Task;

    public void Complete(ProposalStatus status) => Complete(new ProposalResult(status, Position));

    /// <summary>The end; what the proposer does with it runs elsewhere. Only the first one counts.</summary>
    public void Complete(in ProposalResult result)
    {
        if (!_isAnsweredAnywhere)
        {
            _completion.TrySetResult(result);
        }
        else if (Interlocked.Exchange(ref _isEnding, 1) == 0)
        {
            _result = result;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>The end; what the proposer does with it runs here and now, if it allows that. Not to be called under a lock.</summary>
    public void CompleteHere(in ProposalResult result)
    {
        if (!_isAnsweredAnywhere || Interlocked.Exchange(ref _isEnding, 1) == 0)
        {
            _completion.TrySetResult(result);
        }
    }

    void IThreadPoolWorkItem.Execute() => _completion.TrySetResult(_result);
}
