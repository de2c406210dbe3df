namespace RaftDb.Cli.Drills.Histories;

/// <summary>When the search for one key gives up and says that it is undecided.</summary>
internal sealed record SearchLimits
{
    /// <summary>Operations put in, those taken back included. 20 million: some ten seconds.</summary>
    public long MaxSteps { get; init; } = 20_000_000;

    /// <summary>What may be remembered of situations seen. 256 MiB.</summary>
    public long MaxBytes { get; init; } = 256L << 20;
}
