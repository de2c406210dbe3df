using RaftDb.Raft;

namespace RaftDb.Server.Replicas;

/// <summary>How a wait for a read index ended.</summary>
internal enum ReadStatus : byte
{
    /// <summary>The state machine shows at least the index that was asked for.</summary>
    Ready,

    /// <summary>No leader confirmed an index within the deadline.</summary>
    Unconfirmed,

    /// <summary>An index was confirmed (or named by the client) and is not applied here within the deadline.</summary>
    Behind,

    /// <summary>This replica has stopped.</summary>
    Stopped,
}

/// <summary>The end of a wait. <paramref name="AsOf"/>: everything committed before this time is shown.</summary>
internal readonly record struct ReadResult(ReadStatus Status, LogIndex Index, Instant AsOf);

/// <summary>A read that waits. Owned by the replica's loop once it is in the inbox.</summary>
/// <param name="index">The index to wait for; null = one that the leader confirms.</param>
/// <param name="deadline">When it must be answered.</param>
internal sealed class PendingRead(LogIndex? index, Instant deadline)
{
    private readonly TaskCompletionSource<ReadResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LogIndex? Index { get; } = index;

    public Instant Deadline { get; } = deadline;

    public Task<ReadResult> Completion => _completion.Task;

    public void Complete(in ReadResult result) => _completion.TrySetResult(result);
}

/// <summary>Reads on their way: first a confirmed index, shared by all that came in one pass, then that it is applied. Owned by the replica's loop.</summary>
/// <param name="lastContext">Where contexts start from, other in each life of a process: a leader may answer what the life before asked after this one has connected,
/// and that answer is older than the reads that wait now.</param>
internal sealed class PendingReads(ulong lastContext)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(5);

    /// <summary>A replica that hears of a leader asks at once; this is for leaders that don't confirm.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(40);

    private readonly Dictionary<ulong, Round> _rounds = [];
    private readonly List<PendingRead> _unasked = [];
    private readonly PriorityQueue<Waiter, LogIndex> _awaitingApply = new();
    private ulong _lastContext = lastContext;
    private Instant _retryAt = Instant.Never;
    private TimeSpan _pause = ShortestPause;

    public int Count => _rounds.Count + _unasked.Count + _awaitingApply.Count;

    /// <summary>No deadline passes before this.</summary>
    public Instant EarliestDeadline { get; private set; } = Instant.Never;

    /// <summary>When refused reads are asked for again; never once the last of them has run out of time.</summary>
    public Instant RetryAt => _unasked.Count == 0 && !Mutants.ExpiredReadsSpin ? Instant.Never : _retryAt;

    /// <summary>The youngest confirmed index and the time before which everything committed is in it.</summary>
    public ReadResult? LastConfirmed { get; private set; }

    public void Add(PendingRead read)
    {
        EarliestDeadline = Instant.Min(EarliestDeadline, read.Deadline);
        if (read.Index is { } index)
        {
            _awaitingApply.Enqueue(new(read, index, Instant.Never), index);
        }
        else
        {
            _unasked.Add(read);
        }
    }

    /// <summary>The context under which all reads that came since the last call are to be confirmed; null when there are none.</summary>
    public ulong? Ask(Instant now)
    {
        if (_unasked.Count == 0 || (_retryAt != Instant.Never && now < _retryAt))
        {
            return null;
        }

        _retryAt = Instant.Never;
        _rounds.Add(++_lastContext, new(now, [.. _unasked]));
        _unasked.Clear();
        return _lastContext;
    }

    public void Confirmed(in ReadOutcome outcome, Instant now)
    {
        if (!_rounds.Remove(outcome.Context, out Round? round))
        {
            return;
        }

        if (outcome.Refused)
        {
            // There is no leader, or it changed: ask again soon, until each read's own deadline.
            _unasked.InsertRange(0, round.Reads);
            _retryAt = now + _pause;
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            return;
        }

        _pause = ShortestPause;

        Instant asOf = Mutants.StalenessCountedFromTheAnswer ? now : round.Began;
        LastConfirmed = new(ReadStatus.Ready, outcome.Index, asOf);
        foreach (PendingRead read in round.Reads)
        {
            _awaitingApply.Enqueue(new(read, outcome.Index, asOf), outcome.Index);
        }
    }

    /// <summary>There is a leader, another one than before: what was refused is asked for at once.</summary>
    public void LeaderKnown(Instant now)
    {
        _pause = ShortestPause;
        _retryAt = _retryAt == Instant.Never ? _retryAt : now;
    }

    /// <summary>Answers the reads whose index is applied.</summary>
    public void Applied(LogIndex applied)
    {
        while (_awaitingApply.TryPeek(out Waiter waiter, out LogIndex index) && (index <= applied || Mutants.ReadsDontWaitForApply))
        {
            _awaitingApply.Dequeue();
            waiter.Read.Complete(new(ReadStatus.Ready, waiter.Index, waiter.AsOf));
        }
    }

    public void Expire(Instant now)
    {
        EarliestDeadline = Instant.Never;
        foreach ((ulong context, Round round) in _rounds)
        {
            ExpireFrom(round.Reads, now);
            if (round.Reads.Count == 0)
            {
                // To remove does not disturb the walk.
                _rounds.Remove(context);
            }
        }

        ExpireFrom(_unasked, now);
        if (_awaitingApply.UnorderedItems.Any(item => item.Element.Read.Deadline <= now))
        {
            List<(Waiter Waiter, LogIndex Index)> kept = [];
            while (_awaitingApply.TryDequeue(out Waiter waiter, out LogIndex index))
            {
                if (waiter.Read.Deadline <= now)
                {
                    waiter.Read.Complete(new(ReadStatus.Behind, index, waiter.AsOf));
                }
                else
                {
                    kept.Add((waiter, index));
                }
            }

            _awaitingApply.EnqueueRange(kept);
        }

        foreach ((Waiter waiter, LogIndex _) in _awaitingApply.UnorderedItems)
        {
            EarliestDeadline = Instant.Min(EarliestDeadline, waiter.Read.Deadline);
        }
    }

    public void Stop()
    {
        foreach (PendingRead read in _rounds.Values.SelectMany(r => r.Reads).Concat(_unasked)
            .Concat(_awaitingApply.UnorderedItems.Select(item => item.Element.Read)))
        {
            read.Complete(new(ReadStatus.Stopped, default, default));
        }

        _rounds.Clear();
        _unasked.Clear();
        _awaitingApply.Clear();
    }

    private void ExpireFrom(List<PendingRead> reads, Instant now)
    {
        for (int i = reads.Count - 1; i >= 0; i--)
        {
            if (reads[i].Deadline <= now)
            {
                reads[i].Complete(new(ReadStatus.Unconfirmed, default, default));
                reads.RemoveAt(i);
            }
            else
            {
                EarliestDeadline = Instant.Min(EarliestDeadline, reads[i].Deadline);
            }
        }
    }

    private sealed record Round(Instant Began, List<PendingRead> Reads);

    private readonly record struct Waiter(PendingRead Read, LogIndex Index, Instant AsOf);
}
