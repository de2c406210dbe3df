using RaftDb.Storage;

namespace RaftDb.Simulation.Clients;

/// <summary>What a client asked.</summary>
internal enum OperationType
{
    Put,
    Delete,
    CompareAndPut,
    PutWithTtl,
    Increment,
    TransferMoney,
    TransferInBatch,
    PutAtLeader,
    PutEverywhere,
    Get,
    GetBounded,
    GetSession,
    GetEventual,
    ScanAccounts,
}

/// <summary>How it ended, as far as the client can tell.</summary>
internal enum OperationEnd
{
    /// <summary>Nobody knows (yet): it may take effect at any time, to the end of the history.</summary>
    Open,

    /// <summary>Done.</summary>
    Done,

    /// <summary>Certainly not done.</summary>
    NotDone,
}

/// <summary>One operation of a client, from the call to the answer.</summary>
internal sealed class ClientOperation
{
    public required int Id { get; init; }

    public required OperationType Type { get; init; }

    public required RangeId Range { get; init; }

    public required string Key { get; init; }

    public required int Node { get; init; }

    public required long Started { get; init; }

    /// <summary>The highest index of the range that any client was told of before this began.</summary>
    public required ulong KnownBefore { get; init; }

    /// <summary>What it writes.</summary>
    public byte[]? Written { get; init; }

    public long Ended { get; set; }

    public OperationEnd End { get; set; }

    /// <summary>The entry, or for reads the applied index that was shown.</summary>
    public ulong Index { get; set; }

    /// <summary>Conditional writes: whether the condition held.</summary>
    public bool Succeeded { get; set; }

    /// <summary>What was read; null = absent.</summary>
    public byte[]? Read { get; set; }

    /// <summary>The entry that wrote what was read.</summary>
    public ulong ReadIndex { get; set; }

    /// <summary>The key's version as it was read or written.</summary>
    public ulong Version { get; set; }

    /// <summary>CompareAndPut: the version that was expected.</summary>
    public ulong ExpectedVersion { get; init; }
}
