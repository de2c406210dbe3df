namespace RaftDb.Raft.Replication;

/// <summary>A leadership transfer under way (thesis 3.10). Outlives the leadership that it ends, to tell how it ended.</summary>
internal sealed class LeadershipTransfer(NodeState state)
{
    private Term _term;

    /// <summary>Who is to lead; none when no transfer is under way.</summary>
    public ReplicaId Target { get; private set; }

    public bool IsActive => !Target.IsNone;

    /// <summary>TimeoutNow was sent.</summary>
    public bool TimeoutNowSent { get; set; }

    /// <summary>When to give up.</summary>
    public Instant Deadline { get; private set; } = Instant.Never;

    public void Begin(ReplicaId target)
    {
        Check.That(!IsActive);
        Target = target;
        TimeoutNowSent = false;
        _term = state.Term;
        Deadline = state.Now + state.Options.ElectionTimeout;
    }

    /// <summary>Somebody leads now: in a later term, that is how the transfer ended.</summary>
    public void LeaderKnown()
    {
        if (!IsActive || state.Term == _term)
        {
            return;
        }

        bool succeeded = state.Leader == Target;
        End(succeeded, succeeded ? null : $"replica {state.Leader} was elected instead");
    }

    public void OnTimer()
    {
        if (IsActive && Deadline <= state.Now)
        {
            End(succeeded: false, "it was not over within an election timeout");
        }
    }

    public void Abort(string reason)
    {
        if (IsActive)
        {
            End(succeeded: false, reason);
        }
    }

    public void Refuse(ReplicaId target, string reason) =>
        state.Ready.Transfers.Add(new TransferOutcome(target, Succeeded: false, reason));

    private void End(bool succeeded, string? detail)
    {
        state.Ready.Transfers.Add(new TransferOutcome(Target, succeeded, detail));
        Target = ReplicaId.None;
        Deadline = Instant.Never;
    }
}
