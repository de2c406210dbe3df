using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;

namespace RaftDb.Raft.Replication;

/// <summary>Sends the leader's log to its members: once per step, whatever has become due for each.</summary>
internal sealed class Replicator(NodeState state, ProgressTracker tracker)
{
    private static readonly IReadOnlyList<Entry> Nothing = [];
    private LogIndex _reportUpTo;
    private bool _isNoticeDue;
    private LogIndex _sharedFrom;
    private IReadOnlyList<Entry>? _shared;

    /// <summary>When members are told of a commit, if no entries take the news along before; <see cref="Instant.Never"/> when all of them know.</summary>
    public Instant NoticeAt { get; private set; } = Instant.Never;

    /// <summary>Somebody waits for what is committed.</summary>
    public void TellCommit() => NoticeAt = Instant.Min(NoticeAt, state.Now);

    /// <summary>Members should report their applied index up to here.</summary>
    public void AskForReports(LogIndex upTo) => _reportUpTo = LogIndex.Max(_reportUpTo, LogIndex.Min(upTo, state.Log.LastIndex));

    public void Flush()
    {
        _shared = null;
        _isNoticeDue = NoticeAt <= state.Now || state.Options.CommitNoticeDelay == TimeSpan.Zero;
        bool isOneUntold = false;
        foreach (Progress member in tracker.Members)
        {
            if (member.Replica != state.Self)
            {
                Flush(member);
                isOneUntold |= CanBeSentTo(member) && HasUntoldCommit(member);
            }
        }

        NoticeAt = !isOneUntold ? Instant.Never : Instant.Min(NoticeAt, state.Now + state.Options.CommitNoticeDelay);
        _shared = null;
    }

    /// <summary>Accepted: the member has everything up to Match. Says whether the match moved.</summary>
    public bool OnAccepted(Progress member, LogIndex match)
    {
        bool news = member.Advance(match);
        switch (member.State)
        {
            case ProgressState.Probe when news || match == member.Next.Previous:
                member.BecomeReplicate();
                break;
            case ProgressState.Snapshot when member.Match >= state.Log.Floor.Index:
                member.BecomeReplicate();
                break;
            case ProgressState.Replicate:
                member.Inflights.FreeTo(match);
                break;
        }

        return news;
    }

    public void OnRejected(Progress member, AppendEntriesResponse response)
    {
        if (response.Match == LogIndex.Zero && member.Match == LogIndex.Zero && member.State == ProgressState.Probe)
        {
            // Only a replica without any configuration rejects this (see Follower): no entry helps it.
            member.IsBlank = true;
            return;
        }

        // The follower's log may hold entries of terms that this log doesn't have: skip those all at once, as the follower did.
        LogIndex guess = response.Hint.Term > Term.Zero
            ? state.Log.LastNotAfter(response.Hint.Index, response.Hint.Term).Index
            : response.Hint.Index;
        member.StepBack(response.Match, guess);
    }

    /// <summary>The member answered a heartbeat: if it is behind, something may have been lost.</summary>
    public void OnSignOfLife(Progress member)
    {
        if (state.Now < member.NextPoke || member.State == ProgressState.Snapshot)
        {
            return;
        }

        member.ProbeSent = false;
        if (member.Match < state.Log.LastIndex || member.State == ProgressState.Probe)
        {
            member.Poke = true;
            member.NextPoke = state.Now + (state.Options.HeartbeatInterval / 2);
        }
    }

    private void Flush(Progress member)
    {
        if (member.IsBlank && member.State == ProgressState.Probe)
        {
            AskForSnapshot(member);
            return;
        }

        if (member.State == ProgressState.Snapshot || (member.State == ProgressState.Probe && member.ProbeSent))
        {
            return;
        }

        bool wanted = member.Poke || (_isNoticeDue && HasUntoldCommit(member)) || WantsReport(member) ||
            (member.State == ProgressState.Probe && member.Match < state.Log.LastIndex);
        bool full = member.Inflights.IsFull(state.Options);
        while (wanted || (member.Next <= state.Log.LastIndex && !full))
        {
            LogIndex previous = member.Next.Previous;
            if (previous < state.Log.Floor.Index)
            {
                AskForSnapshot(member);
                return;
            }

            IReadOnlyList<Entry> entries =
                member.Next <= state.Log.LastIndex && !full ? EntriesFrom(member.Next) : Nothing;
            Send(member, new LogPosition(previous, state.Log.TermOf(previous)), entries);
            if (member.State == ProgressState.Probe)
            {
                return;
            }

            wanted = false;
            full = member.Inflights.IsFull(state.Options);
        }
    }

    private void Send(Progress member, LogPosition previous, IReadOnlyList<Entry> entries)
    {
        LogIndex last = previous.Index + (ulong)entries.Count;
        bool report = member.Applied < _reportUpTo;
        if (report)
        {
            member.ReportAsked = LogIndex.Max(member.ReportAsked, last);
        }

        state.Send(
            new AppendEntries(state.Self, member.Replica, state.Term, previous, entries, state.Log.Commit, report));
        long bytes = 0;
        for (int i = 0; i < entries.Count; i++)
        {
            bytes += entries[i].Size;
        }

        member.Sent(last, bytes, state.Log.Commit);
    }

    private void AskForSnapshot(Progress member)
    {
        // A member that doesn't answer wouldn't take a snapshot either; its first sign of life leads back here.
        member.Poke = false;
        if (tracker.IsLive(member, state.Now))
        {
            member.BecomeSnapshot();
            state.Ready.SnapshotsToSend.Add(member.Replica);
        }
    }

    private bool CanBeSentTo(Progress member) => member.State == ProgressState.Replicate && member.Next.Previous >= state.Log.Floor.Index;

    private bool HasUntoldCommit(Progress member) =>
        member.SentCommit < state.Log.Commit && member.SentCommit < member.Next.Previous;

    private bool WantsReport(Progress member) =>
        member.Applied < _reportUpTo && member.ReportAsked < _reportUpTo && member.Next > _reportUpTo;

    /// <summary>A list from <paramref name="from"/> on that members at the same position share.</summary>
    private IReadOnlyList<Entry> EntriesFrom(LogIndex from)
    {
        if (_shared is not null && _sharedFrom == from)
        {
            return _shared;
        }

        _sharedFrom = from;
        _shared = state.Ready.Entries is [var first, ..] fresh && first.Index == from && FitsOneAppend(fresh)
            ? fresh
            : ReadFrom(from);
        return _shared;
    }

    private bool FitsOneAppend(List<Entry> entries)
    {
        long bytes = 0;
        foreach (Entry entry in entries)
        {
            bytes += entry.Size;
        }

        return bytes <= state.Options.MaxAppendBytes;
    }

    private List<Entry> ReadFrom(LogIndex from)
    {
        var entries = new List<Entry>();
        state.Log.Read(from, state.Log.LastIndex, state.Options.MaxAppendBytes, entries);
        return entries;
    }
}
