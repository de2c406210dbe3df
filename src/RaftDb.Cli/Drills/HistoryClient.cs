using System.Diagnostics;
using System.Globalization;
using RaftDb.Cli.Drills.Histories;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>One client, with one operation at a time, that writes down what it asks and what it is told. Values are numbers that nobody else writes.</summary>
internal sealed class HistoryClient(int number, RaftDbClient client, HistoryRecorder recorder)
{
    /// <summary>Values of different clients differ above this.</summary>
    private const long ValuesPerClient = 1_000_000_000;

    private long _values = number * ValuesPerClient;

    public Task ReadAsync(string key, ReadOptions options, CancellationToken cancel)
    {
        Operation asked = Ask(OperationKind.Read) with
        {
            Promise = options.Consistency switch
            {
                "bounded" => ReadPromise.Bounded,
                "session" => ReadPromise.Session,
                "eventual" => ReadPromise.Eventual,
                _ => ReadPromise.Linearizable,
            },
            MaxStaleness = (long)((options.MaxStaleness?.TotalSeconds ?? 0) * Stopwatch.Frequency),
        };
        return DoAsync(key, asked, async () =>
        {
            Entry? entry = await client.GetAsync(key, options, cancel);
            return entry is null
                ? asked with { Note = options.Replica }
                : asked with { Value = Number(entry.Value), Version = entry.Version, Note = $"node {entry.Node} at {entry.Index}" };
        });
    }

    public Task PutAsync(string key, CancellationToken cancel)
    {
        Operation asked = Ask(OperationKind.Put) with { Argument = ++_values };
        return DoAsync(key, asked, async () =>
        {
            PutResult put = await client.PutAsync(key, Text(asked.Argument), null, cancel);
            return asked with { Version = put.Version, Note = $"at {put.Index}" };
        });
    }

    public Task CompareAndSetAsync(string key, ulong expected, CancellationToken cancel)
    {
        Operation asked = Ask(OperationKind.CompareAndSet) with { Argument = ++_values, Expected = expected };
        return DoAsync(key, asked, async () =>
        {
            try
            {
                PutResult put = await client.PutAsync(key, Text(asked.Argument), new WriteOptions { IfVersion = expected }, cancel);
                return asked with { Version = put.Version, Note = $"at {put.Index}" };
            }
            catch (RaftDbException failure) when (failure.Code == RaftDbErrorCodes.ConditionFailed)
            {
                return asked with { Succeeded = false, Version = failure.Version };
            }
        });
    }

    public Task DeleteAsync(string key, CancellationToken cancel)
    {
        Operation asked = Ask(OperationKind.Delete);
        return DoAsync(key, asked, async () =>
        {
            DeleteResult deleted = await client.DeleteAsync(key, null, cancel);
            return asked with { Succeeded = deleted.Deleted, Note = $"at {deleted.Index}" };
        });
    }

    public Task IncrementAsync(string key, long by, CancellationToken cancel)
    {
        Operation asked = Ask(OperationKind.Increment) with { Argument = by };
        return DoAsync(key, asked, async () =>
        {
            TxnResult done = await client.Txn().Increment(key, by).CommitAsync(cancel);
            TxnOperationResult result = done.Results[0];
            return asked with { Value = result.Value is { } sum ? Number(sum.Bytes) : null, Version = result.Version, Note = $"at {done.Index}" };
        });
    }

    private async Task DoAsync(string key, Operation asked, Func<Task<Operation>> ask)
    {
        try
        {
            Operation told = await ask();
            recorder.Add(key, told with { Responded = Stopwatch.GetTimestamp() });
        }
        catch (OperationCanceledException)
        {
            recorder.Add(key, asked with { Outcome = OperationOutcome.Unknown }, "given_up");
        }
        catch (RaftDbException failure)
        {
            // An internal error says nothing about what became of a write; all others say that it was not done.
            bool unknown = failure.Code is RaftDbErrorCodes.OutcomeUnknown or RaftDbErrorCodes.Internal;
            recorder.Add(key, asked with { Outcome = unknown ? OperationOutcome.Unknown : OperationOutcome.Failed }, failure.Code);
        }
    }

    private Operation Ask(OperationKind kind) => new()
    {
        Client = number,
        Kind = kind,
        Invoked = Stopwatch.GetTimestamp(),
        Outcome = OperationOutcome.Answered,
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(ReadOnlyMemory<byte> text) => long.Parse(text.Span, NumberStyles.Integer, CultureInfo.InvariantCulture);
}
