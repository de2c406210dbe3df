using System.Diagnostics;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>Writes the keys that a workload reads, all of them once, in the order of their numbers, many to a request.</summary>
internal static class BenchLoader
{
    private const int KeysPerRequest = 500;
    private const int Parallel = 8;

    /// <summary>How long it took.</summary>
    public static async Task<TimeSpan> LoadAsync(RaftDbClient client, BenchSettings settings, Progress progress, CancellationToken cancel)
    {
        long begun = Stopwatch.GetTimestamp();
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async number =>
        {
            BenchValues values = new(settings.ValueSize, settings.Seed + number);
            while (true)
            {
                int from = Interlocked.Add(ref next, KeysPerRequest) - KeysPerRequest;
                if (from >= settings.Keys)
                {
                    return;
                }

                WriteBatch batch = new();
                for (int key = from; key < Math.Min(from + KeysPerRequest, settings.Keys); key++)
                {
                    batch.Put(BenchSettings.KeyOf(key), values.Next());
                }

                await client.BatchAsync(batch, null, cancel);
                progress.Live($"writing the keys to read: {Math.Min(from + KeysPerRequest, settings.Keys)} of {settings.Keys}");
            }
        }));
        progress.End();
        return Stopwatch.GetElapsedTime(begun);
    }
}
