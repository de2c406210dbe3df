using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines;

public class CommandSemanticsTests
{
    private StateFixture _state = null!;

    [SetUp]
    public void SetUp() => _state = new();

    [TearDown]
    public void TearDown() => _state.Dispose();

    [Test]
    public void A_version_starts_at_1_rises_by_1_and_starts_again_after_a_delete()
    {
        Assert.That(_state.Do(StateFixture.Put("k", "a")).Results[0].Version, Is.EqualTo(1));
        Assert.That(_state.Do(StateFixture.Put("k", "b")).Results[0].Version, Is.EqualTo(2));
        OperationResult deleted = _state.Do(Operation.Delete("k"u8.ToArray())).Results[0];
        Assert.That((deleted.Version, deleted.Count), Is.EqualTo((2UL, 1)));
        Assert.That(_state.Get("k"), Is.Null);
        Assert.That(_state.Do(StateFixture.Put("k", "c")).Results[0].Version, Is.EqualTo(1));
        Assert.That(_state.Get("k")!.Value.Index, Is.EqualTo(4), "the index never repeats");
    }

    [Test]
    public void Deleting_what_is_not_there_does_nothing()
    {
        OperationResult deleted = _state.Do(Operation.Delete("k"u8.ToArray())).Results[0];
        Assert.That((deleted.Version, deleted.Count, deleted.Index), Is.EqualTo((0UL, 0, 1UL)));
    }

    [Test]
    public void Empty_and_large_values_come_back_as_they_were()
    {
        byte[] large = new byte[3_000_000];
        new Random(1).NextBytes(large);
        _state.Do(Operation.Put("empty"u8.ToArray(), default), Operation.Put("large"u8.ToArray(), large), Operation.Put(new byte[4096], "x"u8.ToArray()));
        Assert.That(_state.Get("empty")!.Value.Value.Length, Is.Zero);
        Assert.That(_state.Get("large")!.Value.Value.Span.SequenceEqual(large), Is.True);
        Assert.That(_state.State.Size, Is.EqualTo((3L, 5L + 5 + 3_000_000 + 4096 + 1)));
    }

    [Test]
    public void A_key_is_bytes_and_order_is_that_of_the_bytes()
    {
        _state.Do(Operation.Put(new byte[] { 0xFF, 0xFF }, "3"u8.ToArray()), Operation.Put(new byte[] { 0 }, "1"u8.ToArray()), StateFixture.Put("a", "2"));
        using var view = _state.State.OpenReadView();
        var rows = view.Scan(new(default, null, 10, 1000, false, false)).Rows;
        Assert.That(rows.Select(r => StateFixture.Text(r.Value)), Is.EqualTo((string[])["1", "2", "3"]));
    }

    [Test]
    public void Increment_counts_from_0_keeps_the_ttl_and_tells_the_number()
    {
        OperationResult first = _state.Do(Operation.Increment("n"u8.ToArray(), 5)).Results[0];
        Assert.That((StateFixture.Text(first.Value), first.Version), Is.EqualTo(("5", 1UL)));
        _state.Do(StateFixture.Put("n", "10", 500));
        OperationResult next = _state.Do(Operation.Increment("n"u8.ToArray(), -12)).Results[0];
        Assert.That((StateFixture.Text(next.Value), next.Version), Is.EqualTo(("-2", 3UL)));
        Assert.That(_state.Get("n")!.Value.ExpiresAt, Is.EqualTo(1500));
    }

    [TestCase("abc")]
    [TestCase("")]
    [TestCase("1.5")]
    [TestCase(" 1")]
    [TestCase("+1")]
    [TestCase("1 ")]
    [TestCase("9223372036854775808")]
    [TestCase("000000000000000000001")]
    [TestCase("9223372036854775807")]
    public void Increment_of_what_is_no_number_or_overflows_is_rejected_and_changes_nothing(string value)
    {
        _state.Do(StateFixture.Put("n", value));
        string digest = Digest();
        CommandResult result = _state.Do(StateFixture.Put("other", "x"), Operation.Increment("n"u8.ToArray(), 1));
        Assert.That(result.Status, Is.EqualTo(CommandStatus.Rejected));
        Assert.That(result.Detail, Does.StartWith("then[1]: "));
        Assert.That(result.Results, Is.Empty);
        Assert.That(Digest(), Is.EqualTo(digest));
        Assert.That(_state.State.Size.Keys, Is.EqualTo(1));
    }

    [Test]
    public void Increment_goes_down_to_the_last_number()
    {
        _state.Do(StateFixture.Put("n", "-9223372036854775807"));
        Assert.That(StateFixture.Text(_state.Do(Operation.Increment("n"u8.ToArray(), -1)).Results[0].Value), Is.EqualTo("-9223372036854775808"));
        Assert.That(_state.Do(Operation.Increment("n"u8.ToArray(), -1)).Status, Is.EqualTo(CommandStatus.Rejected));
    }

    [Test]
    public void Delete_range_removes_at_most_its_limit_and_tells_whether_more_are_left()
    {
        _state.Do([.. "abcdef".Select(c => StateFixture.Put(c.ToString(), "v"))]);
        OperationResult first = _state.Do(Operation.DeleteRange("b"u8.ToArray(), "f"u8.ToArray(), 3)).Results[0];
        Assert.That((first.Count, first.More), Is.EqualTo((3, true)));
        OperationResult second = _state.Do(Operation.DeleteRange("b"u8.ToArray(), "f"u8.ToArray(), 3)).Results[0];
        Assert.That((second.Count, second.More), Is.EqualTo((1, false)));
        Assert.That(_state.Dump(), Is.EqualTo("a=v f=v"));
        OperationResult rest = _state.Do(Operation.DeleteRange("a"u8.ToArray(), default, 2)).Results[0];
        Assert.That((rest.Count, rest.More), Is.EqualTo((2, false)), "exactly the limit, and nothing more");
        Assert.That(_state.State.Size, Is.EqualTo((0L, 0L)));
    }

    [Test]
    public void A_transaction_sees_its_own_writes()
    {
        CommandResult result = _state.Do(
            StateFixture.Put("a", "1"), Operation.Increment("a"u8.ToArray(), 1), Operation.Get("a"u8.ToArray()), Operation.Delete("a"u8.ToArray()), Operation.Get("a"u8.ToArray()));
        Assert.That(result.Results.Select(r => r.Version), Is.EqualTo((ulong[])[1, 2, 2, 2, 0]));
        Assert.That(StateFixture.Text(result.Results[2].Value), Is.EqualTo("2"));
        Assert.That(_state.State.Size, Is.EqualTo((0L, 0L)));
    }

    private static readonly TestCaseData[] Conditions =
    [
        new TestCaseData(new Condition(ConditionKind.Version, "k"u8.ToArray(), 2, default), true) { TestName = "Version_equal" },
        new TestCaseData(new Condition(ConditionKind.Version, "k"u8.ToArray(), 1, default), false) { TestName = "Version_other" },
        new TestCaseData(new Condition(ConditionKind.Version, "none"u8.ToArray(), 0, default), true) { TestName = "Version_0_of_an_absent_key" },
        new TestCaseData(new Condition(ConditionKind.Index, "k"u8.ToArray(), 2, default), true) { TestName = "Index_equal" },
        new TestCaseData(new Condition(ConditionKind.Index, "k"u8.ToArray(), 1, default), false) { TestName = "Index_other" },
        new TestCaseData(new Condition(ConditionKind.Index, "none"u8.ToArray(), 0, default), true) { TestName = "Index_0_of_an_absent_key" },
        new TestCaseData(new Condition(ConditionKind.Value, "k"u8.ToArray(), 0, "v"u8.ToArray()), true) { TestName = "Value_equal" },
        new TestCaseData(new Condition(ConditionKind.Value, "k"u8.ToArray(), 0, "w"u8.ToArray()), false) { TestName = "Value_other" },
        new TestCaseData(new Condition(ConditionKind.Value, "none"u8.ToArray(), 0, default), false) { TestName = "Value_of_an_absent_key" },
        new TestCaseData(new Condition(ConditionKind.Exists, "k"u8.ToArray(), 1, default), true) { TestName = "Exists" },
        new TestCaseData(new Condition(ConditionKind.Exists, "k"u8.ToArray(), 0, default), false) { TestName = "Exists_but_should_not" },
        new TestCaseData(new Condition(ConditionKind.Exists, "none"u8.ToArray(), 0, default), true) { TestName = "Absent" },
    ];

    [TestCaseSource(nameof(Conditions))]
    public void A_condition_decides_on_the_branch(Condition condition, bool holds)
    {
        _state.Do(StateFixture.Put("k", "u"));
        _state.Do(StateFixture.Put("k", "v"));
        CommandResult result = _state.Apply(new TransactionCommand(
            HybridTimestamp.Of(1000, 0), 1, [new(ConditionKind.Exists, "k"u8.ToArray(), 1, default), condition], [StateFixture.Put("r", "then")], [StateFixture.Put("r", "else")]));
        Assert.That(result.Succeeded, Is.EqualTo(holds));
        Assert.That(_state.Value("r"), Is.EqualTo(holds ? "then" : "else"));
        bool absent = condition.Key.Span.SequenceEqual("none"u8);
        Assert.That(result.FailedCondition, Is.EqualTo(holds ? (FailedCondition?)null : new FailedCondition(1, absent ? 0UL : 2, absent ? 0UL : 2)));
    }

    [Test]
    public void A_key_outside_of_the_range_rejects_the_whole_transaction()
    {
        using var part = new StateFixture("b", "m");
        Operation inside = StateFixture.Put("c", "v");
        Assert.That(part.Do(inside, StateFixture.Put("m", "v")).Status, Is.EqualTo(CommandStatus.OutOfRange));
        Assert.That(part.Do(inside, StateFixture.Put("a", "v")).Status, Is.EqualTo(CommandStatus.OutOfRange));
        Assert.That(part.Do(inside, Operation.DeleteRange("b"u8.ToArray(), "n"u8.ToArray(), 9)).Status, Is.EqualTo(CommandStatus.OutOfRange));
        Assert.That(part.Do(inside, Operation.DeleteRange("b"u8.ToArray(), default, 9)).Status, Is.EqualTo(CommandStatus.OutOfRange));
        CommandResult byCondition = part.Apply(new TransactionCommand(default, 1, [new(ConditionKind.Exists, "z"u8.ToArray(), 0, default)], [inside], []));
        Assert.That(byCondition.Status, Is.EqualTo(CommandStatus.OutOfRange));
        Assert.That(part.Dump(), Is.Empty);
        Assert.That(part.Do(inside, Operation.DeleteRange("b"u8.ToArray(), "m"u8.ToArray(), 9)).Status, Is.EqualTo(CommandStatus.Done));
    }

    [Test]
    public void An_empty_key_is_rejected_alike_everywhere() =>
        Assert.That(_state.Do(Operation.Put(default, "v"u8.ToArray())).Status, Is.EqualTo(CommandStatus.Rejected));

    [Test]
    public void A_rejected_entry_leaves_the_others_of_its_batch_alone()
    {
        var results = new List<CommandResult?>();
        Command Make(params Operation[] operations) => new TransactionCommand(HybridTimestamp.Of(1000, 0), 1, [], operations, []);
        _state.State.Apply(
            [
                StateFixture.EntryOf(1, Make(StateFixture.Put("n", "x"))),
                StateFixture.EntryOf(2, Make(StateFixture.Put("lost", "1"), Operation.Increment("n"u8.ToArray(), 1))),
                StateFixture.EntryOf(3, Make(StateFixture.Put("kept", "1"))),
            ],
            [],
            results);
        Assert.That(results.Select(r => r!.Status), Is.EqualTo((CommandStatus[])[CommandStatus.Done, CommandStatus.Rejected, CommandStatus.Done]));
        Assert.That(_state.Dump(), Is.EqualTo("kept=1 n=x"));
    }

    [Test]
    public void Noops_and_configuration_changes_move_the_index_and_have_no_result()
    {
        var results = new List<CommandResult?>();
        Configuration next = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(4)) with { Learners = [new(9)] };
        _state.State.Apply(
            [
                new(new(3), new(1), EntryKind.Noop, default),
                new(new(3), new(2), EntryKind.ConfigurationChange, ConfigurationCodec.EncodeChange(ConfigurationChange.LeaveJoint)),
            ],
            [(new(2), next)],
            results);
        Assert.That(results, Is.EqualTo((CommandResult?[])[null, null]));
        Assert.That(_state.State.Applied, Is.EqualTo(new LogPosition(new(2), new(3))));
        _state.Reopen();
        Assert.That(_state.State.Applied, Is.EqualTo(new LogPosition(new(2), new(3))));
        Assert.That(_state.State.Configuration.Voters, Is.EqualTo(next.Voters));
        Assert.That(_state.State.Configuration.Learners, Is.EqualTo(next.Learners));
        Assert.That(_state.State.Descriptor.Replicas, Is.EqualTo((ReplicaDescriptor[])[new(new(1), new(1))]), "the others left, and nothing says where 4 and 9 live");
        Assert.That(_state.State.Descriptor.End, Is.Null);
    }

    [Test]
    public void An_entry_that_does_not_follow_crashes() =>
        Assert.That(
            () => _state.State.Apply([new(new(1), new(2), EntryKind.Noop, default)], [], []), Throws.TypeOf<InvariantBrokenException>());

    private string Digest() => _state.State.ComputeDigest(CancellationToken.None).Hash;
}
