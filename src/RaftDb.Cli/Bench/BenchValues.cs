using System.Globalization;
using System.Text;

namespace RaftDb.Cli.Bench;

/// <summary>Values of one client: each is another, so that nothing on the way can fold equal writes.</summary>
internal sealed class BenchValues(int size, int seed)
{
    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] value = new byte[size];
        value.AsSpan().Fill((byte)'v');
        if (size >= 16)
        {
            Encoding.ASCII.GetBytes(_random.NextInt64().ToString("x16", CultureInfo.InvariantCulture), value);
        }

        return value;
    }
}
