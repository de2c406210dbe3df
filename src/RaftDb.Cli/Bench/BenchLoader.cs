using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>Writes the keys that a read workload reads, many to a request.</summary>
internal static class BenchLoader
{
    private const int KeysPerRequest = 500;
    private const int Parallel = 8;

    public static async Task LoadAsync(RaftDbClient client, BenchSettings settings, Progress progress, CancellationToken cancel)
    {
        string value = new('v', settings.ValueSize);
        int next = 0;
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async _ =>
        {
            while (true)
            {
                int from = Interlocked.Add(ref next, KeysPerRequest) - KeysPerRequest;
                if (from >= settings.Keys)
                {
                    return;
                }

                var ops = Enumerable.Range(from, Math.Min(KeysPerRequest, settings.Keys - from))
                    .Select(number => new { put = new { key = BenchSettings.KeyOf(number), value } });
                await client.PostAsync("/v1/batch", new { ops }, cancel);
                progress.Live($"writing the keys to read: {Math.Min(from + KeysPerRequest, settings.Keys)} of {settings.Keys}");
            }
        }));
    }
}
