using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Quorum;

namespace RaftDb.Tests.Raft.Quorum;

public sealed class QuorumTests
{
    [Test]
    public void The_committed_index_is_the_highest_that_a_majority_reached_for_any_number_of_voters()
    {
        const int Seed = 20260117;
        var random = new Random(Seed);
        for (var round = 0; round < 2_000; round++)
        {
            var voters = Enumerable.Range(1, random.Next(1, 40)).Select(id => new ReplicaId((ulong)id)).ToArray();
            var known = voters.Where(_ => random.Next(4) > 0).ToDictionary(v => v, _ => new LogIndex((ulong)random.Next(30)));

            var expected = Enumerable.Range(0, 31).Last(index =>
                index == 0 || known.Values.Count(match => match.Value >= (ulong)index) > voters.Length / 2);

            Assert.That(
                MajorityQuorum.CommittedIndex(voters, new KnownMatches(known)).Value,
                Is.EqualTo((ulong)expected),
                $"SEED={Seed} round {round}");
        }
    }

    [Test]
    public void Votes_of_replicas_outside_the_configuration_do_not_count()
    {
        var votes = new Dictionary<ReplicaId, bool> { [new(1)] = true, [new(8)] = true, [new(9)] = true };

        Assert.That(
            JointQuorum.VoteResult(Configuration.OfVoters(new(1), new(2), new(3)), votes),
            Is.EqualTo(VoteResult.Pending));
    }

    [Test]
    public void Deciding_allocates_nothing()
    {
        var configuration = QuorumVectors.Configuration([new(1), new(2), new(3), new(4), new(5)], [new(4), new(5), new(6)]);
        var matches = new AllAt(new LogIndex(7));
        var votes = new Dictionary<ReplicaId, bool> { [new(4)] = true };
        _ = JointQuorum.CommittedIndex(configuration, matches);
        _ = JointQuorum.VoteResult(configuration, votes);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            _ = JointQuorum.CommittedIndex(configuration, matches);
            _ = JointQuorum.VoteResult(configuration, votes);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private readonly struct AllAt(LogIndex index) : IMatchIndexes
    {
        public bool TryGet(ReplicaId id, out LogIndex match)
        {
            match = index;
            return true;
        }
    }
}
