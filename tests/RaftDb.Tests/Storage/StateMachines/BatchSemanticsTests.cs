using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Storage.StateMachines;

public class BatchSemanticsTests
{
    private StateFixture _state = null!;

    [SetUp]
    public void SetUp() => _state = new(end: "x");

    [TearDown]
    public void TearDown() => _state.Dispose();

    [Test]
    public void What_is_rejected_in_one_item_is_nothing_to_the_others()
    {
        CommandResult result = Apply(
            Item(StateFixture.Put("word", "abc")),
            Item(Operation.Increment("word"u8.ToArray(), 1)),
            Item(StateFixture.Put("half", "done"), Operation.Increment("word"u8.ToArray(), 1)),
            Item(Operation.Increment("count"u8.ToArray(), 3)),
            Item(Operation.Put(default, "x"u8.ToArray())));
        Assert.That(result.Items!.Select(i => (i.Status, i.Detail)), Is.EqualTo(new (CommandStatus, string?)[]
        {
            (CommandStatus.Done, null),
            (CommandStatus.Rejected, "then[0]: the value is not a decimal 64-bit integer"),
            (CommandStatus.Rejected, "then[1]: the value is not a decimal 64-bit integer"),
            (CommandStatus.Done, null),
            (CommandStatus.Rejected, "a key must have at least 1 byte"),
        }));
        Assert.That(_state.Dump(), Is.EqualTo("count=3 word=abc"));
        Assert.That(_state.State.Size, Is.EqualTo((2L, 5L + 1 + 4 + 3)));
        Assert.That(result.Results[result.Items![3].First].Version, Is.EqualTo(1));
    }

    [Test]
    public void Items_see_what_those_before_them_did()
    {
        CommandResult result = Apply(
            Item(StateFixture.Put("k", "1")),
            Item(Operation.Get("k"u8.ToArray())),
            Item(Operation.Increment("k"u8.ToArray(), 1)),
            new([new(ConditionKind.Version, "k"u8.ToArray(), 2, default)], [Operation.Delete("k"u8.ToArray())], []),
            new([new(ConditionKind.Exists, "k"u8.ToArray(), 1, default)], [], [Operation.Get("k"u8.ToArray())]));
        Assert.That(StateFixture.Text(result.Results[result.Items![1].First].Value), Is.EqualTo("1"));
        Assert.That(result.Items!.Select(i => i.Succeeded), Is.EqualTo(new[] { true, true, true, true, false }));
        Assert.That(result.Items![4].FailedCondition, Is.EqualTo(new FailedCondition(0, 0, 0)));
        Assert.That(_state.Dump(), Is.Empty);
    }

    [Test]
    public void A_guard_that_does_not_hold_keeps_all_items_from_being_done()
    {
        _state.Do(StateFixture.Put("w", "1"));
        ulong index = _state.Get("w")!.Value.Index;
        BatchCommand command = new(HybridTimestamp.Of(1000, 0), 1, [new(ConditionKind.Index, "w"u8.ToArray(), index, default)], [Item(StateFixture.Put("a", "1"))]);
        Assert.That(_state.Apply(command).Succeeded, Is.True);
        _state.Do(StateFixture.Put("w", "1"));
        CommandResult second = _state.Apply(command with { Items = [Item(StateFixture.Put("a", "2"))] });
        Assert.That((second.Succeeded, second.FailedCondition?.Version), Is.EqualTo((false, 2)));
        Assert.That(_state.Value("a"), Is.EqualTo("1"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_key_outside_of_the_range_stops_the_whole(bool inGuard)
    {
        Condition outside = new(ConditionKind.Exists, "y"u8.ToArray(), 0, default);
        CommandResult result = _state.Apply(new BatchCommand(
            HybridTimestamp.Of(1000, 0),
            1,
            inGuard ? [outside] : [],
            inGuard ? [Item(StateFixture.Put("a", "1"))] : [Item(StateFixture.Put("a", "1")), new([outside], [], [])]));
        Assert.That(result.Status, Is.EqualTo(CommandStatus.OutOfRange));
        Assert.That(_state.Dump(), Is.Empty);
    }

    [Test]
    public void Append_adds_keeps_the_ttl_and_stops_at_its_limit()
    {
        _state.DoAt(1000, StateFixture.Put("k", "ab", ttl: 500));
        Assert.That(Results(Operation.Append("k"u8.ToArray(), "cd"u8.ToArray(), 5))[0].Count, Is.EqualTo(4));
        Assert.That((_state.Value("k"), _state.Get("k")!.Value.ExpiresAt, _state.Get("k")!.Value.Version), Is.EqualTo(("abcd", 1500, 2)));
        Assert.That(_state.Do(Operation.Append("k"u8.ToArray(), "ef"u8.ToArray(), 5)).Status, Is.EqualTo(CommandStatus.Rejected));
        Assert.That(Results(Operation.Append("new"u8.ToArray(), default, 5))[0].Count, Is.Zero);
        Assert.That(_state.Get("new")!.Value.Value.Length, Is.Zero);
        Assert.That(_state.State.Size, Is.EqualTo((2L, 1L + 4 + 3)));
    }

    [Test]
    public void Overwrite_keeps_the_ttl_and_put_does_not()
    {
        _state.DoAt(1000, StateFixture.Put("k", "a", ttl: 500));
        _state.DoAt(1100, Operation.Overwrite("k"u8.ToArray(), "b"u8.ToArray()), Operation.Overwrite("new"u8.ToArray(), "c"u8.ToArray()));
        Assert.That((_state.Value("k"), _state.Get("k")!.Value.ExpiresAt, _state.Get("new")!.Value.ExpiresAt), Is.EqualTo(("b", 1500, 0)));
        _state.DoAt(1200, StateFixture.Put("k", "d"));
        Assert.That(_state.Get("k")!.Value.ExpiresAt, Is.Zero);
    }

    [Test]
    public void Expire_changes_when_a_key_goes_and_says_whether_it_did()
    {
        _state.DoAt(1000, StateFixture.Put("k", "a"));
        Assert.That(Results(Operation.Expire("k"u8.ToArray(), 0))[0].Count, Is.Zero, "it lives for ever already");
        Assert.That(Results(Operation.Expire("nope"u8.ToArray(), 5))[0].Count, Is.Zero);
        Assert.That(_state.DoAt(2000, Operation.Expire("k"u8.ToArray(), 500)).Results[0].Count, Is.EqualTo(1));
        Row row = _state.Get("k")!.Value;
        Assert.That((StateFixture.Text(row.Value), row.ExpiresAt, row.Version), Is.EqualTo(("a", 2500, 2)));
        Assert.That(_state.ExpireAt(2499).Results[0].Count, Is.Zero);
        Assert.That(_state.DoAt(2499, Operation.Expire("k"u8.ToArray(), 0)).Results[0].Count, Is.EqualTo(1));
        Assert.That(_state.ExpireAt(9999).Results[0].Count, Is.Zero);
        _state.DoAt(9999, Operation.Expire("k"u8.ToArray(), 1));
        Assert.That(_state.ExpireAt(10_000).Results[0].Count, Is.EqualTo(1));
        Assert.That(_state.Dump(), Is.Empty);
    }

    /// <summary>Replay a failure with RAFTDB_SEED=the printed number.</summary>
    [Test]
    public void A_batch_does_what_its_items_do_one_by_one()
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        RandomCommands random = new(seed);
        using StateFixture single = new();
        using StateFixture batched = new();
        int rejected = 0;
        for (int round = 0; round < 40; round++)
        {
            HybridTimestamp time = HybridTimestamp.Of(1000 + round, 0);
            BatchItem[] items = [.. Enumerable.Range(0, 30).Select(_ => random.Next()).OfType<TransactionCommand>().Select(Comparable)];
            CommandResult batch = batched.Apply(new BatchCommand(time, 1, [], items));
            for (int i = 0; i < items.Length; i++)
            {
                CommandResult alone = single.Apply(new TransactionCommand(time, 1, items[i].Conditions, items[i].Then, items[i].Else));
                ItemResult item = batch.Items![i];
                string expected = Show(alone.Status, alone.Succeeded, alone.Detail, alone.FailedCondition, alone.Results);
                string actual = Show(item.Status, item.Succeeded, item.Detail, item.FailedCondition, batch.Results.Skip(item.First).Take(item.Count));
                Assert.That(actual, Is.EqualTo(expected), $"SEED={seed} round {round} item {i}");
                rejected += item.Status == CommandStatus.Rejected ? 1 : 0;
            }
        }

        Assert.That(batched.Dump(), Is.EqualTo(single.Dump()), $"SEED={seed}");
        Assert.That(batched.State.Size, Is.EqualTo(single.State.Size), $"SEED={seed}");
        Assert.That(rejected, Is.Positive);
    }

    /// <summary>Without conditions on the index, which is another one when each item is an entry.</summary>
    private static BatchItem Comparable(TransactionCommand command) =>
        new([.. command.Conditions.Where(c => c.Kind != ConditionKind.Index)], command.Then, command.Else);

    private static string Show(CommandStatus status, bool succeeded, string? detail, FailedCondition? failed, IEnumerable<OperationResult> results) =>
        $"{status} {succeeded} {detail} {failed?.Ordinal} {failed?.Version} {string.Join(',', results.Select(Show))}";

    private static string Show(OperationResult result) => $"{result.Kind} {result.Version} {StateFixture.Text(result.Value)} {result.Count} {result.More}";

    private static BatchItem Item(params Operation[] operations) => new([], operations, []);

    private IReadOnlyList<OperationResult> Results(params Operation[] operations) => _state.Do(operations).Results;

    private CommandResult Apply(params BatchItem[] items) => _state.Apply(new BatchCommand(HybridTimestamp.Of(1000, 0), 1, [], items));
}
