using RaftDb.Raft.Reads;

namespace RaftDb.Raft.Replication;

/// <summary>Decides when a leader with nothing to do falls silent: when every member has, has applied and has reported everything, and
/// answered every heartbeat.</summary>
internal sealed class Quiescence(NodeState state, ProgressTracker tracker)
{
    private int _idleIntervals;

    public void Disturb() => _idleIntervals = 0;

    /// <summary>Once per heartbeat interval. Says whether the group should fall silent.</summary>
    public bool IsDue(HeartbeatRounds rounds, bool busy)
    {
        int after = state.Options.QuiesceAfterHeartbeats;
        if (after == 0 || state.Options.FailoverMode == FailoverMode.Lease || busy || !AllAreDone(rounds))
        {
            _idleIntervals = 0;
            return false;
        }

        _idleIntervals++;
        return _idleIntervals >= after;
    }

    private bool AllAreDone(HeartbeatRounds rounds)
    {
        LogIndex last = state.Log.LastIndex;
        if (state.Log.Applied != last)
        {
            return false;
        }

        foreach (Progress member in tracker.Members)
        {
            bool done = member.Replica == state.Self ||
                (member.State == ProgressState.Replicate && member.Match == last && member.Applied == last &&
                    member.AckedRound == rounds.Latest);
            if (!done)
            {
                return false;
            }
        }

        return true;
    }
}
