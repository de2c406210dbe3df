using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>Asks through the .NET client, which all of the load generator's clients share.</summary>
internal sealed class ClientTarget(BenchSettings settings, RaftDbClient client, int number) : IBenchTarget
{
    /// <summary>Prime, so that a batch's keys lie apart from each other and differ.</summary>
    private const int Stride = 7919;

    private readonly BenchValues _values = new(settings.ValueSize, (settings.Seed * 7_000_003) + number);
    private readonly WriteOptions? _write = settings.Ack is { } ack ? new() { Ack = ack } : null;

    public async ValueTask<string?> OneAsync(BenchOperation operation, int key, CancellationToken abort)
    {
        try
        {
            switch (operation)
            {
                case BenchOperation.Read:
                    await client.GetAsync(BenchSettings.KeyOf(key), settings.Read, abort);
                    break;
                case BenchOperation.Write:
                    await client.PutAsync(BenchSettings.KeyOf(key), _values.Next(), _write, abort);
                    break;
                case BenchOperation.Batch:
                    await client.BatchAsync(BatchFrom(key), settings.Ack, abort);
                    break;
                default:
                    await ScanAsync(key, abort);
                    break;
            }

            return null;
        }
        catch (RaftDbException failure)
        {
            return failure.Code;
        }
    }

    public void Dispose()
    {
        // The client is shared.
    }

    private WriteBatch BatchFrom(int first)
    {
        WriteBatch batch = new();
        for (int i = 0; i < settings.Batch; i++)
        {
            batch.Put(BenchSettings.KeyOf((int)((first + ((long)i * Stride)) % settings.Keys)), _values.Next());
        }

        return batch;
    }

    private async Task ScanAsync(int first, CancellationToken abort)
    {
        ScanOptions page = new() { Start = BenchSettings.KeyOf(first), Limit = settings.Page, PageSize = settings.Page, Read = settings.Read };
        await foreach (ScanItem item in client.ScanAsync(page, abort))
        {
            _ = item;
        }
    }
}
