namespace RaftDb.Raft.Elections;

/// <summary>When this replica stops waiting for its leader, and whether it may listen to others who did. After the leader's
/// process is known to have died the waits are tens of milliseconds instead of the election timeout.</summary>
internal sealed class ElectionTimer
{
    private const int MaxCrashGrowth = 6;
    private readonly NodeState _state;
    private TimeSpan _timeout;
    private Instant _lastContact = new(long.MinValue);
    private Instant _crashEnd = new(long.MinValue);
    private int _crashAttempts;

    public ElectionTimer(NodeState state, Term startTerm)
    {
        _state = state;
        if (state.Options.FailoverMode == FailoverMode.Lease && startTerm > Term.Zero)
        {
            // A leader may count on a promise that this replica made before it restarted.
            _lastContact = state.Now;
        }

        Restart();
    }

    /// <summary>When to campaign.</summary>
    public Instant Deadline { get; private set; }

    /// <summary>The leader whose process is known to be gone, as long as nobody else is known to lead.</summary>
    public ReplicaId CrashedLeader { get; private set; }

    /// <summary>Whether elections are hurried on because the leader is known to be dead.</summary>
    public bool LeaderCrashed => !CrashedLeader.IsNone && _state.Now < _crashEnd;

    private bool HeardFromLeaderLately => _state.Now < _lastContact + _state.Options.ElectionTimeout;

    /// <summary>The leader of this term showed that it lives.</summary>
    public void HeardFromLeader()
    {
        CrashedLeader = ReplicaId.None;
        _lastContact = _state.Now;
        Deadline = _state.Now + _timeout;
    }

    /// <summary>Waits anew, for a newly drawn time.</summary>
    public void Restart()
    {
        TimeSpan election = _state.Options.ElectionTimeout;
        _timeout = election + _state.Prng.Below(election);
        Deadline = _state.Now + (LeaderCrashed ? CrashWait() : _timeout);
    }

    /// <summary>A quiet group woke up: the leader gets the benefit of the doubt for one timeout.</summary>
    public void Wake()
    {
        if (!_state.Leader.IsNone)
        {
            _lastContact = _state.Now;
        }

        Restart();
    }

    /// <summary>The leader's process died.</summary>
    public void LeaderDied()
    {
        CrashedLeader = _state.Leader;
        _crashEnd = _state.Now + _state.Options.ElectionTimeout;
        _crashAttempts = 0;
        TimeSpan tick = TimeSpan.FromTicks(1);
        Deadline = Instant.Min(
            Deadline, _state.Now + (_state.Prng.Below(_state.Options.CrashCampaignDelay) + tick));
    }

    /// <summary>Somebody leads again.</summary>
    public void ForgetCrash() => CrashedLeader = ReplicaId.None;

    /// <summary>This replica's campaign can't win any more: don't wait for the rest of its time.</summary>
    public void HurryAfterSplitVote() =>
        Deadline = Instant.Min(Deadline, _state.Now + _state.Prng.Below(2 * _state.Options.CrashCampaignDelay));

    /// <summary>Whether a living leader must be protected from candidates (thesis 4.2.3, 9.6).
    /// With leases the promise stands whatever this replica learned since about terms and leaders (thesis 6.4.1).</summary>
    public bool ProtectsLeader(bool candidateSawCrash)
    {
        if (!_state.Options.CheckQuorum || Mutants.VoterForgetsTheLease)
        {
            return false;
        }

        if (_state.Options.FailoverMode == FailoverMode.Lease)
        {
            return _state.Leader == _state.Self || HeardFromLeaderLately;
        }

        if (_state.Leader.IsNone || (candidateSawCrash && LeaderCrashed && CrashedLeader == _state.Leader))
        {
            return false;
        }

        return _state.Leader == _state.Self || HeardFromLeaderLately;
    }

    /// <summary>Whether a campaign of one's own would break the promise that a lease stands on.</summary>
    public bool BoundByLease =>
        _state.Options.FailoverMode == FailoverMode.Lease && HeardFromLeaderLately && !Mutants.VoterForgetsTheLease;

    private TimeSpan CrashWait()
    {
        // Longer each time, so that a disk slower than the delay doesn't keep candidates from ever agreeing.
        TimeSpan window = _state.Options.CrashCampaignDelay * (1 << Math.Min(_crashAttempts, MaxCrashGrowth));
        _crashAttempts++;
        TimeSpan wait = window + _state.Prng.Below(window);
        return wait < _timeout ? wait : _timeout;
    }
}
