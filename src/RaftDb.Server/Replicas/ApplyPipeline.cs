using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
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
        StateHandle state = replica.State;
        if (!state.TryUse())
        {
            // The replica is on its way out. The pipeline stays "scheduled": nothing is ever applied any more.
            return;
        }

        try
        {
            Apply(state.Machine, entries, configurations, results);
        }
        catch (StorageFailedException e)
        {
            replica.IsHelpedByRebuild = e.InnerException is not UnknownCommandException;

            // The applied index did not move; the pipeline stays "scheduled", so nothing is ever applied past the failure.
            host.ReplicaHalted(replica, $"Applying entries {entries[0].Index} to {entries[^1].Index} failed: {e.Message}");
            return;
        }
        catch (InvariantBrokenException e)
        {
            // The node crashes of it, once: after the restart this replica alone stays halted.
            host.ApplyBroke(replica, entries[0].Index, entries[^1].Index, e);
            throw;
        }
        finally
        {
            state.Release();
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

    /// <summary>As one batch; but where a mark stands the batch ends, for the view that belongs to it.</summary>
    private void Apply(
        IStateMachine machine, List<Entry> entries, List<(LogIndex Index, Configuration Configuration)> configurations, List<CommandResult?> results)
    {
        int from = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Kind == EntryKind.Command && CheckMark.Is(entries[i].Data.Span))
            {
                ApplyPart(from, i + 1);
                replica.Marks.Open(entries[i].Index);
                from = i + 1;
            }
        }

        ApplyPart(from, entries.Count);

        void ApplyPart(int first, int end)
        {
            if (first == 0 && end == entries.Count)
            {
                machine.Apply(entries, configurations, results);
            }
            else if (first < end)
            {
                (LogIndex low, LogIndex high) = (entries[first].Index, entries[end - 1].Index);
                machine.Apply(entries.GetRange(first, end - first), configurations.FindAll(c => c.Index >= low && c.Index <= high), results);
            }
        }
    }
}

/// <summary>Comes back to the replica's inbox: these entries are in the state machine.</summary>
internal sealed record ApplyDone(IReadOnlyList<Entry> Entries, IReadOnlyList<CommandResult?> Results);
