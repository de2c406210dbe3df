namespace RaftDb.Cli.Bench;

/// <summary>What a benchmark does.</summary>
internal sealed record BenchSettings
{
    /// <summary>write, read or mixed.</summary>
    public required string Workload { get; init; }

    public int Clients { get; init; } = 64;

    public int Seconds { get; init; } = 10;

    /// <summary>How long the same load runs before anything is measured: a node that has just started still compiles its code.</summary>
    public int WarmUpSeconds { get; init; } = 3;

    public int ValueSize { get; init; } = 100;

    public int Keys { get; init; } = 100_000;

    /// <summary>mixed: the share of reads.</summary>
    public double ReadShare { get; init; } = 0.5;

    public string? Ack { get; init; }

    /// <summary>client (the .NET client: RESP) or http (as little of a client as can be).</summary>
    public string Protocol { get; init; } = "client";

    /// <summary>client: whether writes are done in sessions.</summary>
    public bool Sessions { get; init; } = true;

    public Client.ReadOptions Read { get; init; } = new();

    /// <summary>read and mixed: leave out writing the keys first.</summary>
    public bool NoLoad { get; init; }

    public int Seed { get; init; } = 1;

    public void Validate()
    {
        Above("--clients", Clients, 1, 100_000);
        Above("--seconds", Seconds, 1, 86_400);
        Above("--warm-up", WarmUpSeconds, 0, 3600);
        Above("--value-size", ValueSize, 0, 8 * 1024 * 1024);
        Above("--keys", Keys, 1, 100_000_000);
        if (ReadShare is < 0 or > 1)
        {
            throw new UsageException("--read-share: must be 0 to 1.");
        }
    }

    /// <summary>Keys begin with every letter in turn, so that a key space split by letters is loaded evenly.</summary>
    public static string KeyOf(int number) => $"{(char)('a' + (number % 26))}/bench/{number:00000000}";

    private static void Above(string option, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new UsageException($"{option}: must be {least} to {most}.");
        }
    }
}
