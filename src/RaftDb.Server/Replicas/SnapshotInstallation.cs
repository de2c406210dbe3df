using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Replicas;

/// <summary>A snapshot whose data is here, verified and opened, on its way into the replica.</summary>
internal sealed class ReceivedSnapshot(InstallSnapshot message, IStateMachine state, RangeCheckpoint checkpoint, ISnapshotSink sink)
{
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public InstallSnapshot Message { get; } = message;

    public IStateMachine State { get; } = state;

    public RangeCheckpoint Checkpoint { get; } = checkpoint;

    public ISnapshotSink Sink { get; } = sink;

    /// <summary>Whether it was installed.</summary>
    public Task<bool> Completion => _completion.Task;

    public void Complete(bool installed) => _completion.TrySetResult(installed);
}

/// <summary>Comes back from the binlog: the installation's one synced record is durable.</summary>
internal sealed record SnapshotCommitted(ReceivedSnapshot Snapshot);

/// <summary>Takes a received snapshot through its steps: the node accepts it, applies drain, one synced binlog record is the commit point, the states change places.
/// Owned by the replica's loop.</summary>
internal sealed class SnapshotInstallation(Replica replica, IReplicaHost host)
{
    private readonly List<ReceivedSnapshot> _offered = [];
    private ReceivedSnapshot? _accepted;
    private bool _committing;

    /// <summary>Whether the node has accepted one that is not installed yet.</summary>
    public bool IsUnderWay => _accepted is not null;

    /// <summary>A snapshot is about to be offered to the node.</summary>
    public void Received(ReceivedSnapshot snapshot) => _offered.Add(snapshot);

    /// <summary>Goes on as far as possible. <paramref name="toInstall"/>: what the node has just accepted.</summary>
    public void Continue(SnapshotMetadata? toInstall, bool appliesDrained, PassOutput output)
    {
        foreach (ReceivedSnapshot snapshot in _offered)
        {
            if (_accepted is null && toInstall is not null && toInstall.Position == snapshot.Message.Snapshot.Position)
            {
                _accepted = snapshot;
            }
            else
            {
                Discard(snapshot);
            }
        }

        _offered.Clear();
        if (_accepted is { } accepted && (appliesDrained || Mutants.SnapshotOvertakesApplies) && !_committing)
        {
            _committing = true;

            // What this pass appended before it took the snapshot must be in the log's queue before the snapshot is.
            output.Flush(host.Binlog, host.Transport);
            host.Binlog.InstallSnapshot(
                replica.Range, replica.Id, accepted.Checkpoint, () => replica.Post(new SnapshotCommitted(accepted)));
        }
    }

    /// <summary>The commit point has passed.</summary>
    public void Committed(SnapshotCommitted committed)
    {
        Check.That(ReferenceEquals(_accepted, committed.Snapshot));
        ReceivedSnapshot snapshot = committed.Snapshot;
        _accepted = null;
        _committing = false;
        snapshot.Sink.Keep();
        replica.SwapState(new StateHandle(snapshot.State), snapshot.Message.Snapshot);
        snapshot.Complete(true);
    }

    private void Discard(ReceivedSnapshot snapshot)
    {
        host.RunInBackground("discarding a snapshot that is not needed", _ =>
        {
            snapshot.State.Dispose();
            snapshot.Complete(false);
            return Task.CompletedTask;
        });
    }
}
