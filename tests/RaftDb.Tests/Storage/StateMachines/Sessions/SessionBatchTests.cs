using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Storage.StateMachines.Sessions;

/// <summary>Writes of sessions that share an entry, and batches that are one write of a session.</summary>
internal sealed class SessionBatchTests
{
    private static readonly HybridTimestamp Time = HybridTimestamp.Of(SessionFixture.Start, 0);

    private SessionFixture _sessions = null!;

    [SetUp]
    public void SetUp() => _sessions = new();

    [TearDown]
    public void TearDown() => _sessions.Dispose();

    [Test]
    public void Each_item_is_done_once_however_it_is_repeated()
    {
        CommandResult first = Apply(Increment(1), Increment(2), Increment(3));
        CommandResult mixed = Apply(Increment(2), Increment(4), Increment(1));
        CommandResult alone = _sessions.Increment(SessionFixture.Minted, 3);
        CommandResult after = _sessions.Increment(SessionFixture.Minted, 5);
        CommandResult last = Apply(Increment(5));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Values(first), Is.EqualTo(new[] { "1", "2", "3" }));
            Assert.That(Values(mixed), Is.EqualTo(new[] { "2", "4", "1" }));
            Assert.That(mixed.Items!.Select(item => item.Index), Is.EqualTo(new ulong[] { 1, 0, 1 }), "0: this very entry");
            Assert.That((alone.Index, StateFixture.Text(alone.Results[0].Value)), Is.EqualTo((1UL, "3")), "the same write alone in an entry is the same write");
            Assert.That(Values(last), Is.EqualTo(new[] { "5" }));
            Assert.That(last.Items![0].Index, Is.EqualTo(after.Index));
            Assert.That(_sessions.State.Value("n"), Is.EqualTo("5"));
        }
    }

    [Test]
    public void Refusals_are_for_the_item_alone()
    {
        Apply(Increment(70, acknowledged: 70));
        Apply(Increment(200, acknowledged: 200));
        BatchItem reused = Increment(200) with { Then = [Operation.Delete("n"u8.ToArray())] };
        BatchItem expired = Increment(1) with { Session = new(SessionId.Mint(HybridTimestamp.Of(SessionFixture.Start - (25 * SessionFixture.Hour), 0), 5), 1, 0) };
        BatchItem none = Increment(0) with { Session = null };
        CommandResult result = Apply(reused, Increment(3), expired, none, Increment(201));
        Assert.That(result.Items!.Select(item => item.Status), Is.EqualTo(
            new[] { CommandStatus.SequenceReused, CommandStatus.SequenceReused, CommandStatus.SessionExpired, CommandStatus.Done, CommandStatus.Done }));
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("4"));
    }

    [Test]
    public void A_rejected_item_stays_rejected()
    {
        _sessions.State.Do(StateFixture.Put("n", "word"));
        CommandResult first = Apply(Increment(1), Increment(2));
        _sessions.State.Do(StateFixture.Put("n", "7"));
        CommandResult again = Apply(Increment(1));
        Assert.That(first.Items!.Select(item => item.Status), Is.All.EqualTo(CommandStatus.Rejected));
        Assert.That((again.Items![0].Status, again.Items[0].Detail), Is.EqualTo((CommandStatus.Rejected, first.Items![0].Detail)));
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("7"));
    }

    [Test]
    public void A_guarded_batch_of_a_session_answers_as_the_first_time_although_its_guard_holds_no_longer()
    {
        _sessions.State.Do(StateFixture.Put("w", "1"));
        ulong index = _sessions.State.Get("w")!.Value.Index;
        BatchCommand command = new(
            Time,
            1,
            [new(ConditionKind.Index, "w"u8.ToArray(), index, default)],
            [new([], [StateFixture.Put("w", "2")], []), new([], [Operation.Increment("n"u8.ToArray(), 1)], [])],
            new SessionWrite(SessionFixture.Minted, 1, 0));
        CommandResult first = _sessions.State.Apply(command);
        CommandResult again = _sessions.State.Apply(command with { Time = HybridTimestamp.Of(SessionFixture.Start + 5, 0) });
        Assert.That(first.Succeeded);
        Assert.That(SessionFixture.Show(again), Is.EqualTo(SessionFixture.Show(first)));
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("1"));
        Assert.That(_sessions.State.Apply(command with { Session = new SessionWrite(SessionFixture.Minted, 2, 0) }).Succeeded, Is.False, "another write, and the guard holds no longer");
    }

    [Test]
    public void Out_of_range_is_for_all_and_nothing_is_kept_of_it()
    {
        using StateFixture bounded = new(end: "x");
        BatchItem outside = new([], [StateFixture.Put("y", "1")], [], new SessionWrite(SessionFixture.Minted, 1, 0));
        Assert.That(bounded.Apply(Batch(outside, Increment(2))).Status, Is.EqualTo(CommandStatus.OutOfRange));
        Assert.That(bounded.Apply(Batch(Increment(1), Increment(2))).Items!.Select(item => item.Status), Is.All.EqualTo(CommandStatus.Done));
    }

    [Test]
    public void These_bytes_stand_in_logs_for_ever()
    {
        SessionWrite session = new(new(0x0102), 300, 7, 1);
        const string Id = "00000000000000000000000000000102";
        byte[] items = CommandCodec.Encode(new BatchCommand(new(0x0102030405060708), 3, [], [new([], [Operation.Delete("k"u8.ToArray())], [], session), new([], [Operation.Get("k"u8.ToArray())], [])]));
        byte[] whole = CommandCodec.Encode(new BatchCommand(new(0x0102030405060708), 3, [], [new([], [Operation.Delete("k"u8.ToArray())], [])], session));
        Assert.That(Convert.ToHexString(items), Is.EqualTo("0109" + "0807060504030201" + "03" + "02" + "01" + Id + "AC02" + "07" + "01" + "00" + "0102016B" + "00" + "00" + "00" + "0105016B" + "00"));
        Assert.That(Convert.ToHexString(whole), Is.EqualTo("010A" + "0807060504030201" + "03" + Id + "AC02" + "07" + "01" + "00" + "01" + "00" + "0102016B" + "00"));
        foreach (byte[] bytes in (byte[][])[items, whole])
        {
            Assert.That(CommandCodec.Encode(CommandCodec.Decode(bytes)), Is.EqualTo(bytes));
            for (int length = 0; length < bytes.Length; length++)
            {
                Assert.That(() => CommandCodec.Decode(bytes.AsMemory(0, length)), Throws.TypeOf<UnknownCommandException>(), $"{length} bytes");
            }
        }
    }

    [Test]
    public void A_batch_written_item_by_item_is_the_same_bytes()
    {
        using BatchWriter writer = new() { ItemsInSessions = true };
        BatchCommand command = Batch(Increment(1), Increment(0) with { Session = null }, Increment(2));
        foreach (BatchItem item in command.Items)
        {
            writer.Add([.. item.Conditions], [.. item.Then], [.. item.Else], item.Session);
        }

        Assert.That(writer.ToCommand(Time, 1), Is.EqualTo(CommandCodec.Encode(command)));
        writer.Clear();
        writer.Session = new SessionWrite(SessionFixture.Minted, 9, 9);
        writer.Add([], [Operation.Delete("k"u8.ToArray())], []);
        Assert.That(
            writer.ToCommand(Time, 1), Is.EqualTo(CommandCodec.Encode(new BatchCommand(Time, 1, [], [new([], [Operation.Delete("k"u8.ToArray())], [])], writer.Session))));
    }

    private static BatchItem Increment(ulong sequence, ulong acknowledged = 0) =>
        new([], [Operation.Increment("n"u8.ToArray(), 1)], [], new SessionWrite(SessionFixture.Minted, sequence, acknowledged));

    private static BatchCommand Batch(params BatchItem[] items) => new(Time, 1, [], items);

    private static IEnumerable<string> Values(CommandResult result) => result.Items!.Select(item => StateFixture.Text(result.Results[item.First].Value));

    private CommandResult Apply(params BatchItem[] items) => _sessions.State.Apply(Batch(items));
}
