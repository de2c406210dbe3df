using System.Globalization;
using System.Text;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>Asks through the .NET client, which all of the load generator's clients share.</summary>
internal sealed class ClientTarget(BenchSettings settings, RaftDbClient client, int number) : IBenchTarget
{
    private readonly Random _random = new((settings.Seed * 7_000_003) + number);
    private readonly WriteOptions? _write = settings.Ack is { } ack ? new() { Ack = ack } : null;

    public async ValueTask<string?> OneAsync(bool read, int key, CancellationToken abort)
    {
        try
        {
            string name = BenchSettings.KeyOf(key);
            if (read)
            {
                await client.GetAsync(name, settings.Read, abort);
            }
            else
            {
                await client.PutAsync(name, Value(), _write, abort);
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

    /// <summary>A value of its own each time, so that nothing on the way can fold equal writes.</summary>
    private byte[] Value()
    {
        byte[] value = new byte[settings.ValueSize];
        value.AsSpan().Fill((byte)'v');
        if (value.Length >= 16)
        {
            Encoding.ASCII.GetBytes(_random.NextInt64().ToString("x16", CultureInfo.InvariantCulture), value);
        }

        return value;
    }
}
