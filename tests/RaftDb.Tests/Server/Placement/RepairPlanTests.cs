using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Placement;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Placement;

/// <summary>What a leader does next for a range, decided from what it knows alone.</summary>
internal sealed class RepairPlanTests
{
    [Test]
    public void A_range_that_is_as_it_should_be_is_left_alone() => Assert.That(RepairPlan.Decide(View()), Is.Null);

    [Test]
    public void A_damaged_voter_leaves_when_the_others_are_a_quorum()
    {
        RepairStep step = RepairPlan.Decide(View() with { Damaged = Damaged(2) })!;
        Assert.That((step.Kind, step.Replica.Value, step.Node.Value), Is.EqualTo((RepairKind.Remove, 2UL, 2UL)));
        Assert.That(step.Why, Does.Contain("replica 2 on node 2 is being rebuilt").And.Contain("its log is damaged"));
    }

    [Test]
    public void A_damaged_voter_stays_while_it_is_needed_for_a_quorum_and_status_says_what_to_do()
    {
        RepairStep step = RepairPlan.Decide(View() with { Damaged = Damaged(2), Members = [Leader(1), Voter(2), Voter(3, live: false)] })!;
        Assert.That(step.Kind, Is.EqualTo(RepairKind.Blocked));
        Assert.That(step.Why, Does.Contain("only 1 of 3").And.Contain("start the other nodes"));
    }

    [Test]
    public void One_of_two_voters_is_never_removed_because_it_is_damaged()
    {
        RepairView view = View() with
        {
            Descriptor = Descriptor(1, 2),
            Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(2)),
            Members = [Leader(1), Voter(2)],
            Damaged = Damaged(2),
            Wanted = 2,
        };
        Assert.That(RepairPlan.Decide(view)!.Kind, Is.EqualTo(RepairKind.Blocked));
    }

    [Test]
    public void Of_two_damaged_voters_in_five_one_leaves_at_a_time()
    {
        RepairView view = View() with
        {
            Descriptor = Descriptor(1, 2, 3, 4, 5),
            Configuration = Configuration.OfVoters(Enumerable.Range(1, 5).Select(i => new ReplicaId((ulong)i))),
            Members = [Leader(1), Voter(2), Voter(3), Voter(4), Voter(5)],
            Damaged = Damaged(2, 4),
            Wanted = 5,
        };
        RepairStep step = RepairPlan.Decide(view)!;
        Assert.That((step.Kind, step.Replica.Value), Is.EqualTo((RepairKind.Remove, 2UL)));
    }

    [Test]
    public void A_missing_replica_comes_back_under_the_next_id_to_a_node_without_one()
    {
        RepairStep step = RepairPlan.Decide(WithoutTwo())!;
        Assert.That((step.Kind, step.Replica.Value, step.Node.Value), Is.EqualTo((RepairKind.Add, 4UL, 2UL)));
    }

    [Test]
    public void Nothing_comes_before_a_quorum_has_applied_that_the_old_one_left() =>
        Assert.That(RepairPlan.Decide(WithoutTwo() with { IsSettled = false }), Is.Null);

    [Test]
    public void Nothing_comes_when_no_node_without_a_replica_is_up_and_status_says_so()
    {
        RepairStep step = RepairPlan.Decide(WithoutTwo() with { Nodes = [new(1), new(3)] })!;
        Assert.That((step.Kind, step.Why), Is.EqualTo((RepairKind.Wait, "it has 2 of 3 voters; the next one waits for a node to be up that has no replica of it")));
    }

    [Test]
    public void A_learner_that_has_caught_up_becomes_a_voter_and_another_one_waits()
    {
        RepairView learning = WithoutTwo() with
        {
            Descriptor = Descriptor(1, 2, 3, 4),
            Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(3)) with { Learners = [new(4)] },
            Members = [Leader(1), Voter(3), Learner(4, match: 500)],
            Commit = new(1000),
        };
        Assert.That(RepairPlan.Decide(learning)!.Kind, Is.EqualTo(RepairKind.Wait));
        Assert.That(RepairPlan.Decide(learning with { Members = [Leader(1), Voter(3), Learner(4, match: 950)] })!.Kind, Is.EqualTo(RepairKind.Promote));
        Assert.That(
            RepairPlan.Decide(learning with { Members = [Leader(1), Voter(3), Learner(4, match: 950) with { State = "snapshot" }] })!.Kind, Is.EqualTo(RepairKind.Wait));
        Assert.That(
            RepairPlan.Decide(learning with { Members = [Leader(1), Voter(3), Learner(4, match: 950) with { IsLive = false }] })!.Kind, Is.EqualTo(RepairKind.Wait));
    }

    [Test]
    public void A_learner_that_nobody_needs_is_removed_unless_somebody_is_still_at_it()
    {
        RepairView moved = View() with
        {
            Descriptor = Descriptor(1, 2, 3, 4),
            Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(2), new ReplicaId(3)) with { Learners = [new(4)] },
            Members = [Leader(1), Voter(2), Voter(3), Learner(4, match: 0)],
        };
        RepairStep step = RepairPlan.Decide(moved)!;
        Assert.That((step.Kind, step.Replica.Value), Is.EqualTo((RepairKind.Remove, 4UL)));
        Assert.That(RepairPlan.Decide(moved with { IsBeingChanged = true }), Is.Null);
    }

    [Test]
    public void A_learner_whose_node_is_away_makes_room_for_one_on_a_node_that_is_up()
    {
        RepairView learning = WithoutTwo() with
        {
            Descriptor = Descriptor(1, 3, 4),
            Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(3)) with { Learners = [new(4)] },
            Members = [Leader(1), Voter(3), Learner(4, match: 0) with { IsLive = false }],
            Nodes = [new(1), new(3), new(4)],
        };
        RepairStep step = RepairPlan.Decide(learning)!;
        Assert.That((step.Kind, step.Replica.Value), Is.EqualTo((RepairKind.Remove, 4UL)));
        Assert.That(RepairPlan.Decide(learning with { Nodes = [new(1), new(3)] })!.Kind, Is.EqualTo(RepairKind.Wait));
        Assert.That(RepairPlan.Decide(learning with { Nodes = [new(1), new(2), new(3), new(4)] })!.Kind, Is.EqualTo(RepairKind.Wait));
    }

    [Test]
    public void A_learner_that_is_damaged_is_begun_anew()
    {
        RepairView learning = WithoutTwo() with
        {
            Descriptor = Descriptor(1, 3, 4),
            Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(3)) with { Learners = [new(4)] },
            Members = [Leader(1), Voter(3), Learner(4, match: 0)],
            Damaged = Damaged(4),
        };
        RepairStep step = RepairPlan.Decide(learning)!;
        Assert.That((step.Kind, step.Replica.Value), Is.EqualTo((RepairKind.Remove, 4UL)));
    }

    [Test]
    public void While_joint_the_core_alone_goes_on() =>
        Assert.That(
            RepairPlan.Decide(View() with
            {
                Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(4)) with { OutgoingVoters = [new(1), new(2)] },
                Damaged = Damaged(2),
            }),
            Is.Null);

    private static RepairView View() => new()
    {
        Descriptor = Descriptor(1, 2, 3),
        Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(2), new ReplicaId(3)),
        Members = [Leader(1), Voter(2), Voter(3)],
        Damaged = Damaged(),
        Commit = new(10),
        Wanted = 3,
        IsSettled = true,
        Nodes = [new(1), new(2), new(3)],
    };

    private static RepairView WithoutTwo() => View() with
    {
        Descriptor = Descriptor(1, 2, 3).WithReplicas([new(new(1), new(1)), new(new(3), new(3))]),
        Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(3)),
        Members = [Leader(1), Voter(3)],
    };

    /// <summary>Replica i on node i, and replica 4 on node 2.</summary>
    private static RangeDescriptor Descriptor(params ulong[] replicas) => new()
    {
        Id = new(2),
        Kind = RangeKind.KeyValue,
        Start = default,
        End = null,
        Generation = 1,
        Replicas = [.. replicas.Select(r => new ReplicaDescriptor(new(r), new(r == 4 && !replicas.Contains(5UL) ? 2 : r)))],
    };

    private static SortedDictionary<ReplicaId, string> Damaged(params ulong[] replicas) => new(replicas.ToDictionary(r => new ReplicaId(r), _ => "its log is damaged"));

    private static FollowerStatus Leader(ulong replica) => new(new(replica), true, "leader", new(10), new(10), false);

    private static FollowerStatus Voter(ulong replica, bool live = true) => new(new(replica), true, "replicate", new(10), new(10), live);

    private static FollowerStatus Learner(ulong replica, ulong match) => new(new(replica), false, "replicate", new(match), new(Math.Max(match, 1)), true);
}
