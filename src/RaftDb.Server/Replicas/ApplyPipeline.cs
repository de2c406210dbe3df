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
        StateHandle state = replica.State;
        if (!state.TryUse())
        {
            // The replica is on its way out. The pipeline stays "scheduled": nothing is ever applied any more.
            return;
        }

        Batch batch = _stuck ?? Take();
        try
        {
            Apply(state.Machine, batch);
        }
        catch (DiskFullException)
        {
            // Nothing of this part was applied. The replica's loop asks for another try, with the same entries.
            _stuck = batch;
            _isStuck = true;
            replica.Post(ApplyStuck.Instance);
            return;
        }
        catch (StorageFailedException e)
        {
            replica.IsHelpedByRebuild = e.InnerException is not UnknownCommandException;

            // The applied index did not move; the pipeline stays "scheduled", so nothing is ever applied past the failure.
            host.ReplicaHalted(replica, $"Applying entries {batch.First} to {batch.Last} failed: {e.Message}");
            return;
        }
        catch (InvariantBrokenException e)
        {
            // The node crashes of it, once: after the restart this replica alone stays halted.
            host.ApplyBroke(replica, batch.First, batch.Last, e);
            throw;
        }
        finally
        {
            state.Release();
        }

        _stuck = null;
        _isStuck = false;
        host.Metrics.Applied(batch.Entries.Count);
        replica.Post(new ApplyDone(batch.Entries, batch.Results));
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

    /// <summary>As one batch; but where a mark stands the batch ends, for the view that belongs to it. Goes on where a full disk stopped it.</summary>
    private void Apply(IStateMachine machine, Batch batch)
    {
        while (batch.Done < batch.Entries.Count)
        {
            int end = batch.Done;
            bool marked = false;
            while (end < batch.Entries.Count && !marked)
            {
                Entry entry = batch.Entries[end++];
                marked = entry.Kind == EntryKind.Command && CheckMark.Is(entry.Data.Span);
            }

            ApplyPart(machine, batch, end);
            batch.Done = end;
            if (marked)
            {
                replica.Marks.Open(batch.Entries[end - 1].Index);
            }
        }
    }

    private static void ApplyPart(IStateMachine machine, Batch batch, int end)
    {
        if (batch.Done == 0 && end == batch.Entries.Count)
        {
            machine.Apply(batch.Entries, batch.Configurations, batch.Results);
            return;
        }

        (LogIndex low, LogIndex high) = (batch.Entries[batch.Done].Index, batch.Entries[end - 1].Index);
        machine.Apply(
            batch.Entries.GetRange(batch.Done, end - batch.Done),
            batch.Configurations.FindAll(c => c.Index >= low && c.Index <= high),
            batch.Results);
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

    /// <summary>What is applied at once, and how far it has come.</summary>
    private sealed record Batch(List<Entry> Entries, List<(LogIndex Index, Configuration Configuration)> Configurations)
    {
        public List<CommandResult?> Results { get; } = new(Entries.Count);

        public int Done { get; set; }

        public LogIndex First => Entries[0].Index;

        public LogIndex Last => Entries[^1].Index;
    }
}

/// <summary>Comes back to the replica's inbox: the disk is full.</summary>
internal sealed class ApplyStuck
{
    public static readonly ApplyStuck Instance = new();
}

/// <summary>Comes back to the replica's inbox: these entries are in the state machine.</summary>
internal sealed record ApplyDone(IReadOnlyList<Entry> Entries, IReadOnlyList<CommandResult?> Results);
