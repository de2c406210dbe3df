using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines.Commands;

public class CommandLimitsTests
{
    private static readonly CommandLimits Limits = new CommandLimits { MaxKeyBytes = 4, MaxValueBytes = 8, MaxOperations = 3, MaxCommandBytes = 80, MaxDeletedKeys = 5 }
        .Validate();

    private static readonly TestCaseData[] Refused =
    [
        Case("Empty_key", CommandProblem.EmptyKey, "then[0]", then: [Operation.Put(default, default)]),
        Case("Long_key", CommandProblem.KeyTooLarge, "then[1]", then: [Operation.Get(new byte[4]), Operation.Delete(new byte[5])]),
        Case("Long_key_in_a_condition", CommandProblem.KeyTooLarge, "compare[0]", new Condition(ConditionKind.Exists, new byte[5], 1, default)),
        Case("Long_end", CommandProblem.KeyTooLarge, "then[0]", then: [Operation.DeleteRange(default, new byte[5], 1)]),
        Case("Large_value", CommandProblem.ValueTooLarge, "else[0]", otherwise: [Operation.Put(new byte[1], new byte[9])]),
        Case("Many_operations", CommandProblem.TooManyOperations, "command", then: [.. Enumerable.Repeat(Operation.Get(new byte[1]), 4)]),
        Case("Delete_without_limit", CommandProblem.LimitOutOfBounds, "then[0]", then: [Operation.DeleteRange(default, default, 0)]),
        Case("Delete_too_much", CommandProblem.LimitOutOfBounds, "then[0]", then: [Operation.DeleteRange(default, default, 6)]),
        Case("Negative_ttl", CommandProblem.TtlOutOfBounds, "then[0]", then: [Operation.Put(new byte[1], default, -1)]),
        Case("Endless_ttl", CommandProblem.TtlOutOfBounds, "then[0]", then: [Operation.Put(new byte[1], default, long.MaxValue)]),
        Case("Unknown_operation", CommandProblem.UnknownKind, "then[0]", then: [new((OperationKind)9, new byte[1], default, default, 0, 0)]),
        Case("Unknown_condition", CommandProblem.UnknownKind, "compare[0]", new Condition((ConditionKind)9, new byte[1], 0, default)),
    ];

    [TestCaseSource(nameof(Refused))]
    public void A_command_over_a_limit_is_named_with_its_place(CommandProblem problem, string where, TransactionCommand command)
    {
        CommandError? error = Limits.Validate(command);
        Assert.That(error?.Problem, Is.EqualTo(problem));
        Assert.That(error?.Where, Is.EqualTo(where));
        Assert.That(error.ToString(), Does.StartWith(where));
    }

    [Test]
    public void The_whole_command_has_a_limit_of_its_own()
    {
        Operation large = Operation.Put(new byte[4], new byte[8]);
        var command = new TransactionCommand(default, ulong.MaxValue, [new(ConditionKind.Value, new byte[4], 0, new byte[8])], [large, large], []);
        CommandLimits limits = Limits with { MaxCommandBytes = CommandCodec.Measure(command) - 1 };
        Assert.That(limits.Validate(command)?.Problem, Is.EqualTo(CommandProblem.CommandTooLarge));
        Assert.That(limits.Validate(command)!.Value.IsTooLarge, Is.True);
    }

    [Test]
    public void A_command_at_every_limit_is_allowed()
    {
        var command = new TransactionCommand(
            default, 1, [], [Operation.Put(new byte[4], new byte[8], CommandLimits.MaxTtlMilliseconds), Operation.DeleteRange(default, default, 5)], []);
        Assert.That(Limits.Validate(command), Is.Null);
        Assert.That(Limits.Validate(new ExpireCommand(default, 1, 5)), Is.Null);
        Assert.That(Limits.Validate(new ExpireCommand(default, 1, 0))?.Problem, Is.EqualTo(CommandProblem.LimitOutOfBounds));
    }

    [Test]
    public void Limits_that_contradict_each_other_are_refused_at_start() =>
        Assert.That(() => new CommandLimits { MaxValueBytes = 32 << 20 }.Validate(), Throws.ArgumentException.With.Message.Contains("MaxCommandBytes"));

    private static TestCaseData Case(
        string name, CommandProblem problem, string where, Condition? condition = null, Operation[]? then = null, Operation[]? otherwise = null) =>
        new(problem, where, new TransactionCommand(default, 1, condition is { } c ? [c] : [], then ?? [], otherwise ?? [])) { TestName = name };
}
