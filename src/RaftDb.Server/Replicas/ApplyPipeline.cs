using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Replicas;

/// <summary>Committed entries on their way into the state machine: batches queue up here and whatever has gathered is applied in one transaction, so that
/// batches grow with load. The replica's loop enqueues; one apply thread at a time runs.</summary>
internal sealed class ApplyPipeline(Replica replica, IReplicaHost host)
{
    private const int MaxEntriesPerBatch = 2_000;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Queue<Ready> _queue = [];
    private bool _scheduled;
    private Batch? _stuck;
    private volatile bool _isStuck;

    /// <summary>Whether the disk had no room at the last try: what is committed can't be applied for now. Thread-safe.</summary>
    public bool IsStuck => _isStuck;

    /// <summary>When to try again. Owned by the replica's loop.</summary>
    public Instant RetryAt { get; private set; } = Instant.Never;

    /// <summary>The loop was told that the disk is full.</summary>
    public void Stuck(Instant now) => RetryAt = now + RetryInterval;

    /// <summary>Tries again when it is time. Called by the loop.</summary>
    public void Consider(Instant now)
    {
        if (now >= RetryAt)
        {
            RetryAt = Instant.Never;
            host.ScheduleApply(this);
        }
    }

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
        (List<Entry> entries, List<(LogIndex Index, Configuration Configuration)> configurations) = _stuck ?? Take();
        if (entries.Count == 0)
        {
            Done();
            return;
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
        catch (DiskFullException)
        {
            Hold(entries, configurations, results);
            return;
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
        replica.Applies.Pulse();
        Done();
    }

    /// <summary>On to what has gathered meanwhile.</summary>
    private void Done()
    {
        _stuck = null;
        _isStuck = false;
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

    /// <summary>The disk is full. What was applied up to a mark is told; the replica's loop asks for another try with the rest.</summary>
    private void Hold(List<Entry> entries, List<(LogIndex Index, Configuration Configuration)> configurations, List<CommandResult?> results)
    {
        int done = results.Count;
        if (done > 0)
        {
            host.Metrics.Applied(done);
            replica.Post(new ApplyDone(entries.GetRange(0, done), results));
            LogIndex last = entries[done - 1].Index;
            configurations = configurations.FindAll(c => c.Index > last);
            entries = entries.GetRange(done, entries.Count - done);
        }

        // At a mark in the end everything is applied, and only the view for it found no room.
        _stuck = entries.Count > 0 ? new(entries, configurations) : null;
        _isStuck = true;
        replica.Post(ApplyStuck.Instance);
    }

    private Batch Take()
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

        return new(entries, configurations);
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

    private sealed record Batch(List<Entry> Entries, List<(LogIndex Index, Configuration Configuration)> Configurations);
}

/// <summary>Comes back to the replica's inbox: the disk is full.</summary>
internal sealed class ApplyStuck
{
    public static readonly ApplyStuck Instance = new();
}

/// <summary>Comes back to the replica's inbox: these entries are in the state machine.</summary>
internal sealed record ApplyDone(IReadOnlyList<Entry> Entries, IReadOnlyList<CommandResult?> Results);
