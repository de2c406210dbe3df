using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft;

/// <summary>A dead process is noticed by its closed sockets: elections need not wait for the timeout.</summary>
internal sealed class CrashDetectionTests
{
    private static readonly ReplicaId One = new(1);

    /// <summary>Kills the leader and tells each survivor after its own delay; how long it takes until a new leader has committed.</summary>
    private static double FailOver(TestGroup group, Func<int, double> delayOf)
    {
        group.Stop(1);
        group[1].TakeMessages();
        Instant died = group.Now;
        List<TestReplica> survivors = [.. group.Replicas.Where(group.IsUp)];
        var told = new bool[survivors.Count];
        while (group.Now - died < TimeSpan.FromSeconds(5))
        {
            for (int i = 0; i < survivors.Count; i++)
            {
                if (!told[i] && (group.Now - died).TotalSeconds >= delayOf(i))
                {
                    told[i] = true;
                    survivors[i].Step(new Input.ProcessLost(One));
                }
            }

            group.RunSeconds(0.001);
            if (group.Leader is { } leader && leader.AppliedEntries[^1].Term == leader.Node.Term)
            {
                return (group.Now - died).TotalSeconds;
            }
        }

        return double.PositiveInfinity;
    }

    [TestCase(3)]
    [TestCase(5)]
    [TestCase(7)]
    public void A_killed_leader_is_replaced_within_tens_of_milliseconds(int voters)
    {
        var times = new List<double>();
        for (int run = 0; run < 20; run++)
        {
            TestGroup group = TestGroup.Led(voters);
            group.RunSeconds(0.2 + (run * 0.013));
            times.Add(FailOver(group, i => 0.001 * (i + 1)));
        }

        times.Sort();
        Assert.That(times[10], Is.LessThan(0.06), $"median; all: {string.Join(" ", times)}");
        Assert.That(times[^1], Is.LessThan(0.3), $"worst; all: {string.Join(" ", times)}");
    }

    [Test]
    public void A_voter_that_notices_later_only_delays_by_that()
    {
        TestGroup group = TestGroup.Led(3);
        group.RunSeconds(0.3);
        Assert.That(FailOver(group, i => i == 0 ? 0.001 : 0.2), Is.LessThan(0.6));
    }

    [Test]
    public void A_voter_that_did_not_see_the_crash_protects_its_leader()
    {
        TestGroup group = TestGroup.Led(3);
        group.RunSeconds(0.3);
        group[2].Step(new Input.ProcessLost(One));
        group.RunSeconds(0.03);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader));
        group.RunSeconds(2);
        Assert.That(group[1].Node.Role, Is.EqualTo(Role.Leader), "it was a false alarm");
        Assert.That(group[2].Node.Leader, Is.EqualTo(One));
        Assert.That(group[1].Node.Term, Is.EqualTo(new Term(1)));
    }

    [Test]
    public void A_sign_of_life_clears_the_alarm()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].Step(new Input.ProcessLost(One));
        group[2].Receive(new Heartbeat(One, new ReplicaId(2), new Term(1), LogIndex.Zero, 5, false));
        Assert.That(group[2].Node.NextDeadline - group.Now, Is.GreaterThan(TimeSpan.FromSeconds(0.9)));
        group[2].TakeMessages();
        group[2].Receive(new VoteRequest(new ReplicaId(3), new ReplicaId(2), new Term(2), Inputs.Position(9, 1), true, false, true));
        Assert.That(group[2].TakeMessages(), Is.Empty);
    }

    [Test]
    public void The_loss_of_a_follower_means_nothing_to_other_followers()
    {
        TestGroup group = TestGroup.Led(3);
        group[2].Step(new Input.ProcessLost(new ReplicaId(3)));
        Assert.That(group[2].Node.NextDeadline - group.Now, Is.GreaterThan(TimeSpan.FromSeconds(0.9)));
    }

    [Test]
    public void With_leases_nobody_hurries()
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { FailoverMode = FailoverMode.Lease });
        group.RunSeconds(0.3);
        Assert.That(FailOver(group, _ => 0.001), Is.GreaterThan(0.9).And.LessThan(4.5));
    }

    [Test]
    public void A_quiet_group_fails_over_as_fast()
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { QuiesceAfterHeartbeats = 2 });
        group.RunSeconds(2);
        Assert.That(group[2].Node.IsQuiet, Is.True);
        Assert.That(FailOver(group, i => 0.001 * (i + 1)), Is.LessThan(0.3));
    }
}
