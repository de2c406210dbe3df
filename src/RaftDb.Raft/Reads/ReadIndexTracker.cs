using RaftDb.Raft.Messages;
using RaftDb.Raft.Replication;

namespace RaftDb.Raft.Reads;

/// <summary>The leader's side of ReadIndex (thesis 6.4): all reads that wait when a round begins share it; those that come while it
/// is under way share the next.</summary>
internal sealed class ReadIndexTracker(NodeState state, Replicator replicator)
{
    private List<(ReplicaId From, ulong Context)> _waiting = [];
    private List<(ReplicaId From, ulong Context)> _asked = [];
    private ulong _round;
    private LogIndex _index;

    public bool IsIdle => _waiting.Count == 0 && _asked.Count == 0;

    /// <summary>Whether reads wait and no round is under way for others.</summary>
    public bool WantsRound => _waiting.Count > 0 && _asked.Count == 0;

    public void Add(ReplicaId from, ulong context) => _waiting.Add((from, context));

    /// <summary>A round begins now: whoever waits is covered by it, and reads at least what is committed now.</summary>
    public void RoundBegun(ulong round)
    {
        if (!WantsRound)
        {
            return;
        }

        _round = round;
        _index = state.Log.Commit;
        (_asked, _waiting) = (_waiting, _asked);
    }

    public void RoundConfirmed(ulong round)
    {
        if (_asked.Count == 0 || (round < _round && !Mutants.ReadIndexWithoutQuorum))
        {
            return;
        }

        foreach ((ReplicaId from, ulong context) in _asked)
        {
            Answer(from, context, _index);
        }

        _asked.Clear();
    }

    /// <summary>This replica leads no more and can confirm nothing.</summary>
    public void RefuseAll()
    {
        foreach ((ReplicaId from, ulong context) in _asked)
        {
            Refuse(from, context);
        }

        foreach ((ReplicaId from, ulong context) in _waiting)
        {
            Refuse(from, context);
        }

        _asked.Clear();
        _waiting.Clear();
    }

    private void Answer(ReplicaId from, ulong context, LogIndex index)
    {
        if (from == state.Self)
        {
            state.Ready.Reads.Add(new ReadOutcome(context, index, Refused: false));
            return;
        }

        state.Send(new ReadIndexResponse(state.Self, from, state.Term, context, index, Refused: false));
        replicator.TellCommit();
    }

    private void Refuse(ReplicaId from, ulong context)
    {
        if (from == state.Self)
        {
            state.Ready.Reads.Add(new ReadOutcome(context, LogIndex.Zero, Refused: true));
            return;
        }

        state.SendAfterPersist(
            new ReadIndexResponse(state.Self, from, state.Term, context, LogIndex.Zero, Refused: true));
    }
}
