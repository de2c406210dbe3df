namespace RaftDb.Cli.Bench;

/// <summary>What a benchmark does.</summary>
internal sealed record BenchSettings
{
    /// <summary>write, read, mixed, batch or scan.</summary>
    public required string Workload { get; init; }

    public int Clients { get; init; } = 64;

    /// <summary>Requests that each client has in flight.</summary>
    public int Pipeline { get; init; } = 1;

    public int Seconds { get; init; } = 10;

    /// <summary>How long the same load runs before anything is measured: a node that has just started still compiles its code.</summary>
    public int WarmUpSeconds { get; init; } = 3;

    /// <summary>Ends after so many operations instead of after a time, and all of them count.</summary>
    public long? Operations { get; init; }

    public int ValueSize { get; init; } = 100;

    public int Keys { get; init; } = 100_000;

    /// <summary>batch: puts in a request.</summary>
    public int Batch { get; init; } = 100;

    /// <summary>scan: keys of a page, and of a scan.</summary>
    public int Page { get; init; } = 1000;

    /// <summary>mixed: the share of reads.</summary>
    public double ReadShare { get; init; } = 0.5;

    public string? Ack { get; init; }

    /// <summary>client (the .NET client: RESP) or http (as little of a client as can be).</summary>
    public string Protocol { get; init; } = "client";

    /// <summary>client: whether writes are done in sessions.</summary>
    public bool Sessions { get; init; } = true;

    public Client.ReadOptions Read { get; init; } = new();

    /// <summary>read, mixed and scan: leave out writing the keys first.</summary>
    public bool NoLoad { get; init; }

    /// <summary>Of the order of keys.</summary>
    public int Seed { get; init; } = 1;

    public bool Reads => Workload is "read" or "mixed" or "scan";

    public bool Writes => Workload is "write" or "mixed" or "batch";

    /// <summary>How the load's client behaves: what awaits its answers never blocks.</summary>
    public Client.RaftDbClientOptions ForClient(Client.RaftDbClientOptions options) => options with { Sessions = Sessions, ContinueInline = true };

    /// <summary>A batch counts as its puts, a scan as one.</summary>
    public int OperationsPerRequest => Workload == "batch" ? Batch : 1;

    public void Validate()
    {
        Above("--clients", Clients, 1, 100_000);
        Above("--pipeline", Pipeline, 1, 1000);
        Above("--seconds", Seconds, 1, 86_400);
        Above("--warm-up", WarmUpSeconds, 0, 3600);
        Above("--value-size", ValueSize, 0, 8 * 1024 * 1024);
        Above("--keys", Keys, 1, 100_000_000);
        Above("--batch", Batch, 1, 10_000);
        Above("--page", Page, 1, 100_000);
        if (ReadShare is < 0 or > 1)
        {
            throw new UsageException("--read-share: must be 0 to 1.");
        }

        if (Operations < 1)
        {
            throw new UsageException("--operations: must be 1 or more.");
        }

        if (Protocol == "http" && (Workload is "batch" or "scan" || Pipeline > 1))
        {
            throw new UsageException("--protocol http: does write, read and mixed only, one request at a time for each client. Leave it out for batch, scan and --pipeline.");
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
