using RaftDb.Raft;

namespace RaftDb.Server.Replicas;

/// <summary>Somebody waits for leadership to move.</summary>
internal sealed class PendingTransfer(ReplicaId to)
{
    private readonly TaskCompletionSource<string?> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReplicaId To { get; } = to;

    /// <summary>Null when leadership has moved; else why not.</summary>
    public Task<string?> Completion => _completion.Task;

    public void Complete(string? failure) => _completion.TrySetResult(failure);
}

/// <summary>Transfers under way. Owned by the replica's loop.</summary>
internal sealed class PendingTransfers
{
    private readonly List<PendingTransfer> _waiting = [];

    public void Add(PendingTransfer transfer) => _waiting.Add(transfer);

    public void Ended(TransferOutcome outcome)
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].To == outcome.To)
            {
                _waiting[i].Complete(outcome.Succeeded ? null : outcome.Detail ?? "The transfer was aborted.");
                _waiting.RemoveAt(i);
            }
        }
    }

    public void Stop(string reason)
    {
        foreach (PendingTransfer transfer in _waiting)
        {
            transfer.Complete(reason);
        }

        _waiting.Clear();
    }
}
