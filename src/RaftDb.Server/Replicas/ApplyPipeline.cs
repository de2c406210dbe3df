using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Replicas;

/// <summary>Committed entries on their way into the state machine: batches queue up here and whatever has gathered is applied in one transaction, so that
/// batches grow with load. The replica's loop enqueues; one apply thread at a time runs.</summary>
internal sealed class ApplyPipeline(Replica replica, IReplicaHost host)
{
    private const int MaxEntriesPerBatch = 2_000;

    private readonly Lock _gate = new();
    private readonly Queue<Ready> _queue = [];
    private bool _scheduled;

    public void Enqueue(Ready ready)
    {
        lock (_gate)
        {
            _queue.Enqueue(ready);
            if (_scheduled)
            {
                return;
            }

            _scheduled = true;
        }

        host.ScheduleApply(this);
    }

    /// <summary>Applies what has gathered. Called on an apply thread.</summary>
    public void Run()
    {
        List<Entry> entries = [];
        List<(LogIndex Index, Configuration Configuration)> configurations = [];
        lock (_gate)
        {
            while (_queue.TryPeek(out Ready? ready)
                && (entries.Count == 0 || entries.Count + ready.Committed.Count <= MaxEntriesPerBatch))
            {
                _queue.Dequeue();
                if (entries.Count == 0 && _queue.Count == 0)
                {
                    entries = ready.Committed;
                    configurations = ready.Configurations;
                    break;
                }

                entries.AddRange(ready.Committed);
                configurations.AddRange(ready.Configurations);
            }
        }

        List<CommandResult?> results = new(entries.Count);
        try
        {
            replica.State.Machine.Apply(entries, configurations, results);
        }
        catch (StorageFailedException e)
        {
            // The applied index did not move; the pipeline stays "scheduled", so nothing is ever applied past the failure.
            host.ReplicaHalted(replica, $"Applying entries {entries[0].Index} to {entries[^1].Index} failed: {e.Message}");
            return;
        }

        host.Metrics.Applied(entries.Count);
        replica.Post(new ApplyDone(entries, results));
        lock (_gate)
        {
            if (_queue.Count == 0)
            {
                _scheduled = false;
                return;
            }
        }

        host.ScheduleApply(this);
    }
}

/// <summary>Comes back to the replica's inbox: these entries are in the state machine.</summary>
internal sealed record ApplyDone(IReadOnlyList<Entry> Entries, IReadOnlyList<CommandResult?> Results);
