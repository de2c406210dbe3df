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

    /// <summary>What a lent thread applies: some tens of microseconds of work.</summary>
    private const int MaxSmallEntries = 8;

    /// <inheritdoc cref="MaxSmallEntries"/>
    private const int MaxSmallBytes = 4 << 10;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Queue<(Ready Ready, List<PendingProposal>? Awaiting)> _queue = [];
    private bool _scheduled;
    private Batch? _stuck;
    private volatile bool _isStuck;

    /// <summary>Whether the disk had no room at the last try: what is committed can't be applied for now. Thread-safe.</summary>
    public bool IsStuck => _isStuck;

    /// <summary>Whether what waits is little, and nothing else is to be awaited for it. Thread-safe.</summary>
    public bool IsSmall
    {
        get
        {
            int entries = 0;
            long bytes = 0;
            lock (_gate)
            {
                foreach ((Ready ready, List<PendingProposal>? _) in _queue)
                {
                    entries += ready.Committed.Count;
                    if (entries > MaxSmallEntries)
                    {
                        return false;
                    }

                    foreach (Entry entry in ready.Committed)
                    {
                        bytes += entry.Data.Length;
                    }
                }
            }

            return bytes <= MaxSmallBytes && !_isStuck && !replica.State.Machine.IsCrowded;
        }
    }

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

    /// <summary>What is committed is to be applied; <paramref name="awaiting"/> are told as soon as it is.</summary>
    public void Enqueue(Ready ready, List<PendingProposal>? awaiting)
    {
        lock (_gate)
        {
            _queue.Enqueue((ready, awaiting));
            if (_scheduled)
            {
                return;
            }

            _scheduled = true;
        }

        host.ScheduleApply(this);
    }

    /// <summary>Applies what has gathered. Called on an apply thread.</summary>
    public void Run() => Run(isLent: false);

    /// <summary>The same, on a thread that is lent for it: who alone waits for it goes on on that thread.</summary>
    public void RunLent() => Run(isLent: true);

    private void Run(bool isLent)
    {
        Batch batch = _stuck ?? Take();
        (List<Entry> entries, List<(LogIndex Index, Configuration Configuration)> configurations, _) = batch;
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
            Hold(batch, results);
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
        replica.PostResult(new ApplyDone(entries, results), Attention.Applied);
        replica.Applies.Pulse();
        Done();
        Answer(batch, results, isLent && batch.Awaiting is { Count: 1 });
    }

    /// <summary>Tells those who wait, without the way over the loop, which hears of it in its own time; that is known to it before anybody can ask for what was written.</summary>
    private static void Answer(Batch batch, List<CommandResult?> results, bool here)
    {
        if (batch.Awaiting is not { } awaiting)
        {
            return;
        }

        LogIndex first = batch.Entries[0].Index;
        foreach (PendingProposal proposal in awaiting)
        {
            ulong place = proposal.Position.Index.Value - first.Value;
            if (place < (ulong)results.Count)
            {
                ProposalResult result = new(ProposalStatus.Applied, proposal.Position, results[(int)place]);
                if (here)
                {
                    proposal.CompleteHere(result);
                }
                else
                {
                    proposal.Complete(result);
                }
            }
        }
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
    private void Hold(Batch batch, List<CommandResult?> results)
    {
        (List<Entry> entries, List<(LogIndex Index, Configuration Configuration)> configurations, _) = batch;
        int done = results.Count;
        if (done > 0)
        {
            host.Metrics.Applied(done);
            replica.PostResult(new ApplyDone(entries.GetRange(0, done), results), Attention.Applied);
            Answer(batch, results, here: false);
            LogIndex last = entries[done - 1].Index;
            configurations = configurations.FindAll(c => c.Index > last);
            entries = entries.GetRange(done, entries.Count - done);
        }

        // At a mark in the end everything is applied, and only the view for it found no room.
        _stuck = entries.Count > 0 ? new(entries, configurations, batch.Awaiting) : null;
        _isStuck = true;
        replica.Post(ApplyStuck.Instance);
    }

    private Batch Take()
    {
        List<Entry> entries = [];
        List<(LogIndex Index, Configuration Configuration)> configurations = [];
        List<PendingProposal>? awaiting = null;
        lock (_gate)
        {
            while (_queue.TryPeek(out (Ready Ready, List<PendingProposal>? Awaiting) next)
                && (entries.Count == 0 || entries.Count + next.Ready.Committed.Count <= MaxEntriesPerBatch))
            {
                _queue.Dequeue();
                Ready ready = next.Ready;
                if (awaiting is null)
                {
                    awaiting = next.Awaiting;
                }
                else if (next.Awaiting is { } more)
                {
                    awaiting.AddRange(more);
                }

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

        return new(entries, configurations, awaiting);
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

    private sealed record Batch(List<Entry> Entries, List<(LogIndex Index, Configuration Configuration)> Configurations, List<PendingProposal>? Awaiting);
}

/// <summary>Comes back to the replica's inbox: the disk is full.</summary>
internal sealed class ApplyStuck
{
    public static readonly ApplyStuck Instance = new();
}

/// <summary>Comes back to the replica's inbox: these entries are in the state machine.</summary>
internal sealed record ApplyDone(IReadOnlyList<Entry> Entries, IReadOnlyList<CommandResult?> Results);
