using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines.Commands;

public class CommandResultCodecTests
{
    private static readonly TestCaseData[] Golden =
    [
        new TestCaseData(
            new CommandResult(CommandStatus.Done, true, 300, [new(OperationKind.Put, 3, 300, default, 0, false)]),
            "010001AC02010103AC02000000") { TestName = "Golden_put" },
        new TestCaseData(
            new CommandResult(CommandStatus.Done, false, 5, [new(OperationKind.Get, 1, 4, "v"u8.ToArray(), 0, false)], new(2, 7, 9)),
            "0100020501050104017600" + "00" + "020709") { TestName = "Golden_failed_condition" },
        new TestCaseData(new CommandResult(CommandStatus.Rejected, true, 5, [], null, "no"), "0102050500026E6F") { TestName = "Golden_rejection" },
        new TestCaseData(
            new CommandResult(CommandStatus.Done, true, 6, [new(OperationKind.DeleteRange, 0, 6, default, 500, true)]),
            "01000106010300" + "0600F40301") { TestName = "Golden_delete_range" },
    ];

    [TestCaseSource(nameof(Golden))]
    public void These_bytes_are_spoken_between_versions(CommandResult result, string hex)
    {
        byte[] bytes = CommandResultCodec.Encode(result);
        CommandResult back = CommandResultCodec.Decode(bytes);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Convert.ToHexString(bytes), Is.EqualTo(hex));
            Assert.That((back.Status, back.Succeeded, back.Index, back.FailedCondition, back.Detail), Is.EqualTo(
                (result.Status, result.Succeeded, result.Index, result.FailedCondition, result.Detail)));
            Assert.That(Convert.ToHexString(CommandResultCodec.Encode(back)), Is.EqualTo(hex));
        }
    }

    [Test]
    public void A_cut_or_newer_result_is_refused()
    {
        byte[] bytes = CommandResultCodec.Encode(new(CommandStatus.Rejected, true, 5, [], new(1, 2, 3), "why"));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.That(() => CommandResultCodec.Decode(bytes.AsMemory(0, length)), Throws.TypeOf<UnknownCommandException>());
        }

        bytes[0] = 2;
        Assert.That(() => CommandResultCodec.Decode(bytes), Throws.TypeOf<UnknownCommandException>().With.Message.Contains("format 2"));
    }
}
