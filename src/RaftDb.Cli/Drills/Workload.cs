using System.Diagnostics;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>Writers, each with keys of its own and one write at a time, that go on until stopped and note what they were told.</summary>
internal sealed class Workload : IAsyncDisposable
{
    private readonly AckLedger _ledger;
    private readonly RaftDbClient[] _clients;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly Task _all;

    /// <summary>Starts the writers. They enter through all nodes alike, and move on to another node when theirs fails.</summary>
    public Workload(AckLedger ledger, IReadOnlyList<Endpoint> nodes, bool retryUnknownOutcomes)
    {
        _ledger = ledger;
        RaftDbClientOptions options = new()
        {
            RetryUnknownOutcomes = retryUnknownOutcomes,
            Timeout = TimeSpan.FromSeconds(15),

            // A paused node must not hold its writers for longer than the slowest election takes.
            AttemptTimeout = TimeSpan.FromSeconds(2.5),
        };
        _clients = [.. Enumerable.Range(0, nodes.Count).Select(first => new RaftDbClient(
            [.. nodes.Skip(first), .. nodes.Take(first)],

            // Some as programs in other languages do, through whatever node; the others as programs in C# do, to the leaders and in sessions.
            options with { Protocol = first % 2 == 0 ? ClientProtocol.Http : ClientProtocol.Auto }))];
        _all = Task.WhenAll(Enumerable.Range(0, ledger.Writers).Select(writer => Task.Run(() => WriteAsync(writer))));
    }

    /// <summary>No new writes; those under way are seen to their end.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _all;
    }

    /// <summary>Writes still under way are given up, and count as unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        await _abort.CancelAsync();
        await StopAsync();
        foreach (RaftDbClient client in _clients)
        {
            await client.DisposeAsync();
        }

        _stop.Dispose();
        _abort.Dispose();
    }

    private async Task WriteAsync(int writer)
    {
        WriterLog log = _ledger[writer];
        RaftDbClient client = _clients[writer % _clients.Length];
        while (!_stop.IsCancellationRequested)
        {
            int sequence = log.Next;
            try
            {
                await client.PutAsync(DrillKeys.Key(writer, sequence), DrillKeys.Value(writer, sequence), null, _abort.Token);
                log.Record(WriteOutcome.Acknowledged, Stopwatch.GetTimestamp());
            }
            catch (OperationCanceledException)
            {
                log.Record(WriteOutcome.Unknown, Stopwatch.GetTimestamp(), "given_up");
            }
            catch (RaftDbException failure)
            {
                // An internal error says nothing about what became of the write.
                bool unknown = failure.Code is RaftDbErrorCodes.OutcomeUnknown or RaftDbErrorCodes.Internal;
                log.Record(unknown ? WriteOutcome.Unknown : WriteOutcome.Refused, Stopwatch.GetTimestamp(), failure.Code);
            }
        }
    }
}
