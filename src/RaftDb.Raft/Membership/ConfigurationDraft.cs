namespace RaftDb.Raft.Membership;

/// <summary>A configuration while changes are applied to it, one after the other: in between it may be without voters.</summary>
internal sealed class ConfigurationDraft(Configuration from)
{
    private readonly SortedSet<ReplicaId> _voters = [.. from.Voters];
    private readonly SortedSet<ReplicaId> _outgoing = [.. from.OutgoingVoters];
    private readonly SortedSet<ReplicaId> _learners = [.. from.Learners];
    private readonly SortedSet<ReplicaId> _learnersNext = [.. from.LearnersNext];

    public bool HasVoters => _voters.Count > 0;

    /// <summary>Replica 0 is ignored, as in etcd.</summary>
    public void Apply(IReadOnlyList<ReplicaChange> changes)
    {
        foreach (var (kind, replica) in changes)
        {
            if (!replica.IsNone)
            {
                Apply(kind, replica);
            }
        }
    }

    public Configuration Build(bool autoLeave) => new()
    {
        Voters = [.. _voters],
        OutgoingVoters = [.. _outgoing],
        Learners = [.. _learners],
        LearnersNext = [.. _learnersNext],
        AutoLeave = autoLeave,
    };

    private void Apply(ConfigurationChangeKind kind, ReplicaId replica)
    {
        _voters.Remove(replica);
        _learners.Remove(replica);
        _learnersNext.Remove(replica);
        switch (kind)
        {
            case ConfigurationChangeKind.AddVoter:
                _voters.Add(replica);
                break;
            case ConfigurationChangeKind.AddLearner:
                // Who still votes in the outgoing half can't be a learner before that half is left.
                (_outgoing.Contains(replica) ? _learnersNext : _learners).Add(replica);
                break;
            case ConfigurationChangeKind.Remove:
                break;
            default:
                Check.That(false, $"configuration change kind {(byte)kind} is unknown");
                break;
        }
    }
}
