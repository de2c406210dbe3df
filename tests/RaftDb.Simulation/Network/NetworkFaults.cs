namespace RaftDb.Simulation.Network;

/// <summary>What the network does to messages, beside partitions.</summary>
internal sealed record NetworkFaults
{
    public long MinDelay { get; init; } = 50_000;

    /// <summary>Delays are mostly near the least one, sometimes up to this.</summary>
    public long MaxDelay { get; init; } = 2_000_000;

    public int DropPerMillion { get; init; }

    public int DuplicatePerMillion { get; init; }

    /// <summary>Such a message may be overtaken.</summary>
    public int ReorderPerMillion { get; init; }

    /// <summary>A network without faults.</summary>
    public static readonly NetworkFaults None = new();
}
