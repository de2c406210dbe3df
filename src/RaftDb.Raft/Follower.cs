using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;

namespace RaftDb.Raft;

/// <summary>What a replica does for the leader of its term: append, acknowledge what is durable, commit what it is told, install
/// snapshots.</summary>
internal sealed class Follower(NodeState state, Roles roles)
{
    private LogIndex _reportUpTo;

    public void OnAppendEntries(AppendEntries append)
    {
        if (!Follow(append) || state.Installing is not null || !IsWellFormed(append))
        {
            return;
        }

        if (IsBlank)
        {
            RejectAll(append);
            return;
        }

        if (append.Previous.Index < state.Log.Commit)
        {
            // Old or duplicate: what is committed here is the leader's log too.
            Acknowledge(append.From, state.Log.Commit);
            return;
        }

        if (!state.Log.Contains(append.Previous) && !(Mutants.PreviousEntryNotCompared && append.Previous.Index <= state.Log.LastIndex))
        {
            Reject(append);
            return;
        }

        LogIndex end = append.Previous.Index + (ulong)append.Entries.Count;
        if (Mutants.CommitTakenBeforeTheCut)
        {
            state.Log.CommitTo(LogIndex.Min(append.Commit, state.Log.LastIndex));
        }

        AppendNew(append.Entries);
        state.Log.CommitTo(LogIndex.Min(append.Commit, end));
        if (append.ReportApplied && state.Log.Applied < end)
        {
            _reportUpTo = LogIndex.Max(_reportUpTo, end);
        }

        Acknowledge(append.From, end);
    }

    public void OnHeartbeat(Heartbeat heartbeat)
    {
        if (!Follow(heartbeat))
        {
            return;
        }

        if (state.Installing is null)
        {
            // The leader clips to what this follower acknowledged; a log that lost entries since must not crash the process.
            state.Log.CommitTo(LogIndex.Min(heartbeat.Commit, state.Log.LastIndex));
        }

        if (heartbeat.Quiesce && state.Installing is null && heartbeat.Commit == state.Log.LastIndex && state.Log.Commit == state.Log.LastIndex)
        {
            state.Quiet = true;
            return;
        }

        state.SendAfterPersist(
            new HeartbeatResponse(state.Self, heartbeat.From, state.Term, heartbeat.ReadRound, state.Log.Applied));
    }

    public void OnInstallSnapshot(InstallSnapshot install)
    {
        if (!Follow(install) || state.Installing is not null)
        {
            return;
        }

        LogPosition position = install.Snapshot.Position;
        if (position.Index <= state.Log.Commit)
        {
            Acknowledge(install.From, state.Log.Commit);
            return;
        }

        if (state.Log.Contains(position))
        {
            // Everything is here already; the snapshot proves that it is committed.
            state.Log.CommitTo(position.Index);
            Acknowledge(install.From, position.Index);
            return;
        }

        state.Installing = install.Snapshot;
        state.Ready.SnapshotToInstall = install.Snapshot;
    }

    public void OnSnapshotInstalled(SnapshotMetadata snapshot)
    {
        state.Installing = null;
        if (snapshot.Position.Index <= state.Log.Applied)
        {
            return;
        }

        state.Log.Reset(snapshot.Position);
        state.Applying.Reset(snapshot.Position.Index);
        state.Membership.Reset(snapshot.Configuration);
        if (state.Role == Role.Follower && !state.Leader.IsNone)
        {
            Acknowledge(state.Leader, snapshot.Position.Index);
        }
    }

    public void OnTimeoutNow(TimeoutNow message)
    {
        if (state.Role == Role.Follower && message.From == state.Leader)
        {
            roles.Candidate.TakeOver();
        }
    }

    /// <summary>The state machine is at <paramref name="applied"/>: the leader may have asked to be told.</summary>
    public void OnApplied(LogIndex applied)
    {
        if (_reportUpTo == LogIndex.Zero || state.Role != Role.Follower || state.Leader.IsNone)
        {
            return;
        }

        if (applied >= _reportUpTo)
        {
            _reportUpTo = LogIndex.Zero;
        }

        Acknowledge(state.Leader, applied);
    }

    /// <summary>Whether the leader waits to be told.</summary>
    public bool OwesReport => _reportUpTo > LogIndex.Zero;

    public void ForgetReports() => _reportUpTo = LogIndex.Zero;

    /// <summary>A message only the leader of this term sends. Says whether it should be acted on.</summary>
    private bool Follow(Message message)
    {
        Check.That(
            state.Role != Role.Leader, $"replica {message.From} leads term {state.Term} too, beside {state.Self}");
        if (state.Role != Role.Follower || state.Leader != message.From)
        {
            Check.That(
                state.Leader.IsNone || state.Leader == message.From,
                $"replicas {state.Leader} and {message.From} both lead term {state.Term}");
            roles.BecomeFollower(state.Term, message.From);
        }

        state.Election.HeardFromLeader();
        return !state.Suspect;
    }

    /// <summary>A newcomer that knows no configuration. The changes in the log are of no use to it, since they change one that it doesn't
    /// have (it might take itself for the only voter): it needs a snapshot, even where the whole log is retained.</summary>
    private bool IsBlank =>
        state.Log.LastIndex == LogIndex.Zero && state.Membership.Current.Voters.Count == 0;

    private static bool IsWellFormed(AppendEntries append)
    {
        LogIndex expected = append.Previous.Index.Next;
        Term term = append.Previous.Term;
        for (int i = 0; i < append.Entries.Count; i++)
        {
            Entry entry = append.Entries[i];
            if (entry.Index != expected || entry.Term < term || entry.Term > append.Term)
            {
                return false;
            }

            expected = expected.Next;
            term = entry.Term;
        }

        return true;
    }

    /// <summary>Skips what is here already and replaces what conflicts (thesis 3.5). Entries that match are never cut: the message may
    /// be an old one.</summary>
    private void AppendNew(IReadOnlyList<Entry> entries)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            Entry entry = entries[i];
            if (entry.Index <= state.Log.LastIndex)
            {
                if (state.Log.TermOf(entry.Index) == entry.Term && !Mutants.MatchingEntriesCut)
                {
                    continue;
                }

                state.CutFrom(entry.Index);
            }

            state.Append(entry);
        }
    }

    private void Acknowledge(ReplicaId leader, LogIndex match) =>
        state.SendAfterPersist(
            new AppendEntriesResponse(
                state.Self, leader, state.Term, Rejected: false, match, LogPosition.Zero, state.Log.Applied));

    /// <summary>Down to the position before the first entry, which only a blank replica rejects.</summary>
    private void RejectAll(AppendEntries append) =>
        state.SendAfterPersist(
            new AppendEntriesResponse(
                state.Self, append.From, state.Term, Rejected: true, append.Previous.Index, LogPosition.Zero, LogIndex.Zero));

    private void Reject(AppendEntries append)
    {
        LogIndex guess = LogIndex.Min(append.Previous.Index, state.Log.LastIndex);
        LogPosition hint = state.Log.LastNotAfter(guess, append.Previous.Term);
        state.SendAfterPersist(
            new AppendEntriesResponse(
                state.Self, append.From, state.Term, Rejected: true, append.Previous.Index, hint, state.Log.Applied));
    }
}
