using RaftDb.Raft.Replication;

namespace RaftDb.Raft.Reads;

/// <summary>Every broadcast of heartbeats is a round with a number of the leader's own. A round that a quorum answered proves that
/// nobody else led when it was sent: reads and leases stand on that.</summary>
internal sealed class HeartbeatRounds(NodeState state, ProgressTracker tracker)
{
    private readonly Queue<(ulong Round, Instant SentAt)> _unconfirmed = new();

    /// <summary>The latest round that was begun.</summary>
    public ulong Latest { get; private set; }

    /// <summary>The latest round that a quorum answered.</summary>
    public ulong Confirmed { get; private set; }

    /// <summary>When the confirmed round was sent.</summary>
    public Instant ConfirmedSentAt { get; private set; } = new(long.MinValue);

    public ulong Begin()
    {
        Latest++;
        _unconfirmed.Enqueue((Latest, state.Now));
        if (tracker.Find(state.Self) is { } self)
        {
            self.AckedRound = Latest;
        }

        return Latest;
    }

    public void OnAnswer(Progress member, ulong round)
    {
        // A number that was never given out is from a broken peer and proves nothing.
        if (round > member.AckedRound && round <= Latest)
        {
            member.AckedRound = round;
        }
    }

    public void Count()
    {
        ulong confirmed = tracker.QuorumRound();
        Check.That(confirmed <= Latest, $"round {confirmed} was confirmed but {Latest} is the latest");
        while (_unconfirmed.TryPeek(out (ulong Round, Instant SentAt) first) && first.Round <= confirmed)
        {
            Confirmed = first.Round;
            ConfirmedSentAt = Mutants.LeaseFromReceiveTime ? state.Now : first.SentAt;
            _unconfirmed.Dequeue();
        }
    }
}
