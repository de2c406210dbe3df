using System.Globalization;
using RaftDb.Cli.Drills.Histories;
using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.Clients;

/// <summary>Gives what the clients saw to the search of the drills: is there an order of all operations on a key that fits all answers? Of the log the search knows only in which order to try.</summary>
internal static class Linearizability
{
    /// <summary>Enough for the histories of nearly all seeds; the rest is counted as undecided.</summary>
    private static readonly SearchLimits Limits = new() { MaxSteps = 300_000, MaxBytes = 32 << 20 };

    public static void Check(IReadOnlyList<ClientOperation> operations, Marks marks)
    {
        // Who reads a value tells where in the log it stands, also of writes that nobody was answered.
        Dictionary<int, ulong> seen = [];
        foreach (ClientOperation read in operations)
        {
            if (read is { Type: OperationType.Get or OperationType.GetEventual, Read.Length: >= 8 } && read.Key.Contains("/key/", StringComparison.Ordinal))
            {
                seen[(int)BitConverter.ToInt64(read.Read)] = read.ReadIndex;
            }
        }

        History history = new();
        foreach (ClientOperation operation in operations)
        {
            if (Of(operation, seen) is { } one)
            {
                history.Add(operation.Key, one);
            }
        }

        HistoryReport report = HistoryChecker.Check(history, Limits);
        marks.Hit("keys searched for an order", report.Keys);
        foreach (KeyFinding finding in report.Findings)
        {
            if (finding.Verdict == HistoryVerdict.NotLinearizable)
            {
                throw new SimulationFailedException($"the history of {finding.Key} is not linearizable: {finding.Explanation}");
            }

            marks.Hit("keys undecided");
        }
    }

    private static Operation? Of(ClientOperation operation, Dictionary<int, ulong> seen)
    {
        bool isKey = operation.Key.Contains("/key/", StringComparison.Ordinal);
        bool isCounter = operation.Key.Contains("/counter/", StringComparison.Ordinal);
        OperationKind? kind = operation.Type switch
        {
            OperationType.Put or OperationType.PutEverywhere => OperationKind.Put,
            OperationType.Delete => OperationKind.Delete,
            OperationType.CompareAndPut => OperationKind.CompareAndSet,
            OperationType.Increment => OperationKind.Increment,
            OperationType.Get or OperationType.GetEventual => OperationKind.Read,
            _ => null,
        };
        bool isDone = operation is { End: OperationEnd.Done, Ended: > 0 };
        if (kind is not { } found || !(isKey || isCounter) || operation.End == OperationEnd.NotDone || (found == OperationKind.Read && !isDone))
        {
            return null;
        }

        return new()
        {
            Client = operation.Id,
            Kind = found,
            Invoked = operation.Started,
            Responded = isDone ? operation.Ended : Operation.Open,
            Outcome = isDone ? OperationOutcome.Answered : OperationOutcome.Unknown,
            Argument = found == OperationKind.Increment ? 1 : operation.Id,
            Expected = operation.ExpectedVersion,
            Succeeded = found == OperationKind.Delete ? operation.Version != 0 : operation.Succeeded || found == OperationKind.Read,
            Value = isDone ? Value(operation, found) : null,
            Version = isDone && (found is OperationKind.Put or OperationKind.Increment or OperationKind.Read || (found == OperationKind.CompareAndSet && operation.Succeeded)) ? operation.Version : null,
            Place = isDone ? operation.Index : seen.TryGetValue(operation.Id, out ulong place) ? place : null,
            Promise = operation.Type == OperationType.GetEventual ? ReadPromise.Eventual : ReadPromise.Linearizable,
        };
    }

    private static long? Value(ClientOperation operation, OperationKind kind) => kind switch
    {
        OperationKind.Read => operation.Read is { } read ? BitConverter.ToInt64(read) : null,
        OperationKind.Increment => long.Parse(System.Text.Encoding.UTF8.GetString(operation.Read!), CultureInfo.InvariantCulture),
        _ => null,
    };
}
