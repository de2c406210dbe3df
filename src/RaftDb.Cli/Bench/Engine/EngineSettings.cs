namespace RaftDb.Cli.Bench.Engine;

/// <summary>What the engine's benchmark does.</summary>
internal sealed record EngineSettings
{
    public const int Nodes = 3;

    /// <summary>One run for each.</summary>
    public IReadOnlyList<int> Writers { get; init; } = [1, 16, 64, 256];

    public int Seconds { get; init; } = 5;

    public int WarmUpSeconds { get; init; } = 3;

    /// <summary>As much as a put of a 16-byte key and a 100-byte value would have at least.</summary>
    public int EntryBytes { get; init; } = 116;

    /// <summary>An empty directory for the logs; null: a temporary one.</summary>
    public string? Data { get; init; }

    public void Validate()
    {
        if (Writers.Count == 0 || Writers.Any(writers => writers is < 1 or > 100_000))
        {
            throw new UsageException("--writers: must be numbers of 1 to 100000, separated by commas.");
        }

        if (Seconds is < 1 or > 3600)
        {
            throw new UsageException("--seconds: must be 1 to 3600.");
        }

        if (WarmUpSeconds is < 0 or > 3600)
        {
            throw new UsageException("--warm-up: must be 0 to 3600.");
        }

        if (EntryBytes is < 1 or > 1 << 20)
        {
            throw new UsageException("--entry-bytes: must be 1 to 1048576.");
        }

        if (Data is { } data && Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any())
        {
            throw new UsageException($"--data: {data} is not empty.");
        }
    }
}
