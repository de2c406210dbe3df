using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines.Commands;

public class BatchWriterTests
{
    private static readonly HybridTimestamp Time = HybridTimestamp.Of(0x0102030405, 0x0607);
    private static readonly Condition Absent = new(ConditionKind.Exists, "a"u8.ToArray(), 0, default);

    private static readonly BatchCommand Everything = new(
        Time,
        300,
        [new(ConditionKind.Index, "w"u8.ToArray(), 200, default)],
        [
            new([], [Operation.Append("k"u8.ToArray(), "v"u8.ToArray(), 1000)], []),
            new([Absent], [Operation.Get("a"u8.ToArray()), Operation.Overwrite("a"u8.ToArray(), "x"u8.ToArray())], [Operation.Expire("a"u8.ToArray(), 128)]),
        ]);

    [Test]
    public void These_bytes_stand_in_logs_for_ever()
    {
        const string Hex = "01080706050403020100AC02" + "01020177C801" + "02" + "000106016BE807017600" + "0104016100" + "020501610701610178" + "010801618001";
        Assert.That(Convert.ToHexString(CommandCodec.Encode(Everything)), Is.EqualTo(Hex));
        Assert.That(Convert.ToHexString(CommandCodec.Encode(CommandCodec.Decode(Convert.FromHexString(Hex)))), Is.EqualTo(Hex));
    }

    [Test]
    public void A_batch_written_item_by_item_is_the_same_bytes()
    {
        using BatchWriter writer = new();
        for (int round = 0; round < 2; round++)
        {
            writer.Guard(Everything.Guard);
            foreach (BatchItem item in Everything.Items)
            {
                writer.Add([.. item.Conditions], [.. item.Then], [.. item.Else]);
            }

            Assert.That(writer.ToCommand(Time, 300), Is.EqualTo(CommandCodec.Encode(Everything)));
            Assert.That((writer.Items, writer.Operations, writer.CommandBytes(300)), Is.EqualTo((2, 6, CommandCodec.Measure(Everything))));
            writer.Clear();
        }
    }

    [Test]
    public void Without_a_guard_and_with_large_items_it_is_the_same_too()
    {
        using BatchWriter writer = new();
        BatchItem[] items = [.. Enumerable.Range(0, 50).Select(i => new BatchItem([], [Operation.Put(new byte[1 + i], new byte[i * 1000])], []))];
        foreach (BatchItem item in items)
        {
            writer.Add([], [.. item.Then], []);
        }

        Assert.That(writer.ToCommand(Time, 1), Is.EqualTo(CommandCodec.Encode(new BatchCommand(Time, 1, [], items))));
    }

    [Test]
    public void A_cut_command_is_refused()
    {
        byte[] bytes = CommandCodec.Encode(Everything);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.That(() => CommandCodec.Decode(bytes.AsMemory(0, length)), Throws.TypeOf<UnknownCommandException>(), $"{length} bytes");
        }
    }

    [Test]
    public void Results_of_items_come_back_as_they_were()
    {
        CommandResult result = new(
            CommandStatus.Done,
            true,
            9,
            [new(OperationKind.Get, 1, 4, "v"u8.ToArray(), 1L << 45, false), new(OperationKind.Append, 2, 9, default, 5, false)],
            Items: [new(CommandStatus.Rejected, false, 0, 0, null, "no"), new(CommandStatus.Done, false, 0, 2, new FailedCondition(0, 7, 8), null)]);
        byte[] bytes = CommandResultCodec.Encode(result);
        CommandResult back = CommandResultCodec.Decode(bytes);
        Assert.That(back.Items, Is.EqualTo(result.Items));
        Assert.That(back.Results.Select(r => (r.Kind, r.Version, r.Index, StateFixture.Text(r.Value), r.Count)), Is.EqualTo(
            result.Results.Select(r => (r.Kind, r.Version, r.Index, StateFixture.Text(r.Value), r.Count))));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.That(() => CommandResultCodec.Decode(bytes.AsMemory(0, length)), Throws.TypeOf<UnknownCommandException>(), $"{length} bytes");
        }
    }
}
