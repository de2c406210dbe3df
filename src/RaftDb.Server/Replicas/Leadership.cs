using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Replicas;

/// <summary>Who leads, as one replica knows it.</summary>
/// <param name="Role">This replica's role.</param>
/// <param name="Term">The term.</param>
/// <param name="Leader">The leader's node; null when unknown.</param>
internal sealed record Leadership(Role Role, Term Term, NodeId? Leader)
{
    private LeadershipNews _news = new();

    public bool IsLeader => Role == Role.Leader;

    /// <summary>The last leader that was known, though it may be unknown at the moment whether it still leads; null before the first.</summary>
    public Reign? Reign { get; private init; }

    /// <summary>How it is after this.</summary>
    public Leadership Then(Role role, Term term, NodeId? leader) => new(role, term, leader)
    {
        Reign = leader is { } node && node != Reign?.Leader ? new(node) : Reign,

        // Who waits for a leader has no use for the terms and candidates that come to nothing.
        _news = Leader is null && leader is null ? _news : new(),
    };

    /// <summary>How it is when the replica is not used any more: nobody leads it, and who waits for a leader is not to wait for it.</summary>
    public Leadership ThenUnused() => new(Role.Follower, Term, null) { Reign = Reign };

    /// <summary>Waits until there is another leader than this says, or none, or one at last (true), at most so long (false).</summary>
    public ValueTask<bool> ChangesWithinAsync(TimeSpan wait, TimeProvider time, CancellationToken cancel) => _news.CameWithinAsync(wait, time, cancel);

    /// <summary>Tells those who wait that it is otherwise now.</summary>
    public void Supersede(Leadership next)
    {
        if (!ReferenceEquals(next._news, _news))
        {
            _news.Tell();
        }

        if (!ReferenceEquals(next.Reign, Reign))
        {
            Reign?.End();
        }
    }
}
