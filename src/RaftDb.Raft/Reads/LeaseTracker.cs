namespace RaftDb.Raft.Reads;

/// <summary>Whether a leader may serve reads without asking (thesis 6.4.1): members that answered a heartbeat elect nobody within
/// an election timeout of receiving it, which is not before it was sent.</summary>
internal sealed class LeaseTracker(RaftOptions options, HeartbeatRounds rounds)
{
    private bool _given;

    /// <summary>TimeoutNow leaves this leader: its receiver may campaign past the promise, whenever the message arrives. No later
    /// round can prove that it never will, so this leader confirms reads by rounds for the rest of its term.</summary>
    public void GiveAway() => _given = !Mutants.LeaseKeptOverTransfer;

    public bool IsHeld(Instant now) =>
        options.FailoverMode == FailoverMode.Lease && !_given && rounds.Confirmed > 0 &&
        now < rounds.ConfirmedSentAt + (options.ElectionTimeout * (1 - options.MaxClockDrift));
}
