using RaftDb.Raft.Log;

namespace RaftDb.Raft.Replication;

/// <summary>How a leader sends entries to one member.</summary>
internal enum ProgressState : byte
{
    /// <summary>Where the logs agree is not known: one message at a time.</summary>
    Probe,

    /// <summary>The logs agree: entries stream without waiting for answers.</summary>
    Replicate,

    /// <summary>The member needs entries that are gone: nothing is sent until it has a snapshot.</summary>
    Snapshot,
}

/// <summary>What the leader knows of one member (itself included, with its own durable index as <see cref="Match"/>).</summary>
internal sealed class Progress(ReplicaId replica, LogIndex next)
{
    public ReplicaId Replica { get; } = replica;

    public bool IsVoter { get; set; }

    public ProgressState State { get; private set; } = ProgressState.Probe;

    /// <summary>The last index known to be durable there and equal to the leader's. Never falls.</summary>
    public LogIndex Match { get; private set; }

    /// <summary>The next index to send. Always beyond <see cref="Match"/>.</summary>
    public LogIndex Next { get; private set; } = next;

    /// <summary>The highest commit index that was sent in an AppendEntries since the last loss.</summary>
    public LogIndex SentCommit { get; private set; }

    /// <summary>The last applied index it reported. Never falls.</summary>
    public LogIndex Applied { get; private set; }

    /// <summary>While probing: a probe is under way.</summary>
    public bool ProbeSent { get; set; }

    /// <summary>It said that it has no configuration, and needs a snapshot though every entry is retained.</summary>
    public bool IsBlank { get; set; }

    /// <summary>Something should be sent even if there is nothing new: it would show whether something was lost.</summary>
    public bool Poke { get; set; }

    /// <summary>The first time at which another poke is worth it.</summary>
    public Instant NextPoke { get; set; } = new(long.MinValue);

    /// <summary>The member was asked to report its applied index up to here.</summary>
    public LogIndex ReportAsked { get; set; }

    /// <summary>The last heartbeat round it answered.</summary>
    public ulong AckedRound { get; set; }

    public Instant LastHeard { get; set; } = new(long.MinValue);

    /// <summary>Heard from since the last check of the quorum.</summary>
    public bool HeardInWindow { get; set; }

    public Inflights Inflights { get; } = new();

    public void ReportApplied(LogIndex applied) => Applied = LogIndex.Max(Applied, applied);

    /// <summary>The member has everything up to <paramref name="index"/>. Says whether that is news.</summary>
    public bool Advance(LogIndex index)
    {
        bool news = index > Match;
        if (news)
        {
            Match = index;
            ProbeSent = false;
        }

        Next = LogIndex.Max(Next, index.Next);
        return news;
    }

    /// <summary>The member has no entry that matches the one before <paramref name="rejected"/>+1; where the logs may agree is
    /// <paramref name="guess"/>. Says whether the answer is not an old one.</summary>
    public bool StepBack(LogIndex rejected, LogIndex guess)
    {
        switch (State)
        {
            case ProgressState.Replicate when rejected > Match:
                BecomeProbe();
                return true;
            case ProgressState.Probe when Next.Previous == rejected && rejected > Match:
                Next = LogIndex.Max(LogIndex.Min(rejected, guess.Next), Match.Next);
                SentCommit = LogIndex.Min(SentCommit, Next.Previous);
                ProbeSent = false;
                return true;
            default:
                return false;
        }
    }

    public void BecomeProbe() => BecomeProbe(Match.Next);

    /// <summary>A snapshot at <paramref name="position"/> was sent: the member answers once it is installed.</summary>
    public void AwaitInstalled(LogPosition position)
    {
        BecomeProbe(LogIndex.Max(Match.Next, position.Index.Next));
        ProbeSent = true;
    }

    public void BecomeReplicate()
    {
        State = ProgressState.Replicate;
        Next = Match.Next;
        ProbeSent = false;
        Inflights.Clear();
    }

    public void BecomeSnapshot()
    {
        State = ProgressState.Snapshot;
        IsBlank = false;
        ProbeSent = false;
        Poke = false;
        Inflights.Clear();
    }

    /// <summary>Entries up to <paramref name="last"/> and a commit index are on their way.</summary>
    public void Sent(LogIndex last, long bytes, LogIndex commit)
    {
        if (State == ProgressState.Probe)
        {
            ProbeSent = true;
        }
        else if (last >= Next)
        {
            Next = last.Next;
            Inflights.Add(last, bytes);
        }

        SentCommit = LogIndex.Max(SentCommit, commit);
        Poke = false;
    }

    private void BecomeProbe(LogIndex next)
    {
        State = ProgressState.Probe;
        Next = next;
        SentCommit = LogIndex.Min(SentCommit, Match);
        ProbeSent = false;
        Inflights.Clear();
    }
}
