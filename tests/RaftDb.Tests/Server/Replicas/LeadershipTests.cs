using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>Who leads, and who is told of it.</summary>
internal sealed class LeadershipTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Test]
    public async Task Who_waits_for_a_leader_hears_of_one_and_of_no_candidate_before()
    {
        Leadership none = new(Role.Follower, new Term(1), null);
        Task<bool> news = none.ChangesWithinAsync(Long, TimeProvider.System, CancellationToken.None).AsTask();
        Leadership candidate = none.Then(Role.Candidate, new Term(2), null);
        none.Supersede(candidate);
        Leadership again = candidate.Then(Role.Follower, new Term(3), null);
        candidate.Supersede(again);
        Assert.That(news.IsCompleted, Is.False);

        again.Supersede(again.Then(Role.Follower, new Term(3), new NodeId(2)));
        Assert.That(await news, Is.True);
    }

    [Test]
    public async Task Who_waits_for_a_leader_at_a_replica_that_is_not_used_any_more_is_told()
    {
        Leadership none = new(Role.Follower, new Term(1), null);
        Task<bool> news = none.ChangesWithinAsync(Long, TimeProvider.System, CancellationToken.None).AsTask();
        none.Supersede(none.ThenUnused());
        Assert.That(await news, Is.True);
        Assert.That(await none.ChangesWithinAsync(Long, TimeProvider.System, CancellationToken.None), Is.True, "and who comes later need not wait");
    }

    [Test]
    public async Task A_leader_that_is_lost_is_news_and_so_is_the_next()
    {
        Leadership first = new Leadership(Role.Follower, new Term(1), null).Then(Role.Follower, new Term(1), new NodeId(2));
        Task<bool> lost = first.ChangesWithinAsync(Long, TimeProvider.System, CancellationToken.None).AsTask();
        Leadership none = first.Then(Role.PreCandidate, new Term(1), null);
        first.Supersede(none);
        Assert.That(await lost, Is.True);
        Assert.That(await none.ChangesWithinAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None), Is.False, "nothing came in time");
    }
}
