using RaftDb.Cli.Drills.Histories;

namespace RaftDb.Tests.Cli.Drills.Histories;

/// <summary>
/// The checker to check the checker: tries every order of the operations, with every choice of the unknown ones. No pruning, no memory,
/// and its own words for what operations mean; for small histories only.
/// </summary>
internal static class BruteForce
{
    public static bool Accepts(IReadOnlyList<Operation> operations)
    {
        Operation[] relevant = [.. operations.Where(one => one.Outcome != OperationOutcome.Failed && (one.Outcome == OperationOutcome.Answered || one.Kind != OperationKind.Read))];
        return Extend(relevant, new bool[relevant.Length], [], null, 0);
    }

    private static bool Extend(Operation[] all, bool[] used, List<Operation> order, long? value, ulong version)
    {
        if (all.Where((one, i) => one.Outcome == OperationOutcome.Answered && !used[i]).Any() is false)
        {
            return true;
        }

        for (int i = 0; i < all.Length; i++)
        {
            if (!used[i] && !all.Where((other, j) => !used[j] && j != i && MustBeBefore(other, all[i])).Any()
                && Step(all[i], value, version) is { } next)
            {
                used[i] = true;
                order.Add(all[i]);
                if (Extend(all, used, order, next.Value, next.Version))
                {
                    return true;
                }

                order.RemoveAt(order.Count - 1);
                used[i] = false;
            }
        }

        return false;
    }

    private static bool MustBeBefore(Operation first, Operation second)
    {
        if (first.Outcome != OperationOutcome.Answered)
        {
            return false;
        }

        bool weak = second is { Kind: OperationKind.Read, Promise: ReadPromise.Session or ReadPromise.Eventual };
        if (weak)
        {
            return second.Promise == ReadPromise.Session && first.Client == second.Client && first.Responded <= second.Invoked && first.Invoked < second.Responded;
        }

        long from = second is { Kind: OperationKind.Read, Promise: ReadPromise.Bounded } ? second.Invoked - second.MaxStaleness : second.Invoked;
        return first.Responded < from;
    }

    private static (long? Value, ulong Version)? Step(Operation one, long? value, ulong version)
    {
        bool answered = one.Outcome == OperationOutcome.Answered;
        switch (one.Kind)
        {
            case OperationKind.Read:
                return one.Value == value && (one.Version ?? version) == version ? (value, version) : null;
            case OperationKind.Put:
                return !answered || (one.Version ?? version + 1) == version + 1 ? (one.Argument, version + 1) : null;
            case OperationKind.Delete:
                return !answered || one.Succeeded == (value is not null) ? (null, 0) : null;
            case OperationKind.Increment:
                long sum = (value ?? 0) + one.Argument;
                return !answered || ((one.Value ?? sum) == sum && (one.Version ?? version + 1) == version + 1) ? (sum, version + 1) : null;
            default:
                bool holds = version == one.Expected;
                ulong after = holds ? version + 1 : version;
                return !answered || (holds == one.Succeeded && (one.Version ?? after) == after) ? (holds ? one.Argument : value, after) : null;
        }
    }
}
