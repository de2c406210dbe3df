namespace RaftDb.Server.Options;

/// <summary>Who a node is and where it listens.</summary>
internal sealed record NodeSection
{
    /// <summary>The node's id, 1 or more, unique in the cluster.</summary>
    public ulong Id { get; init; }

    /// <summary>The data directory; made if it isn't there.</summary>
    public string Data { get; init; } = "";

    /// <summary>HOST:PORT of the HTTP interface.</summary>
    public string Http { get; init; } = "127.0.0.1:8101";

    /// <summary>HOST:PORT of the RESP interface; null = none.</summary>
    public string? Resp { get; init; }

    /// <summary>HOST:PORT where other nodes connect.</summary>
    public string Peer { get; init; } = "127.0.0.1:8301";

    /// <summary>What others are told instead of <see cref="Http"/>.</summary>
    public string? AdvertiseHttp { get; init; }

    /// <summary>What others are told instead of <see cref="Resp"/>.</summary>
    public string? AdvertiseResp { get; init; }

    /// <summary>What others are told instead of <see cref="Peer"/>.</summary>
    public string? AdvertisePeer { get; init; }

    /// <summary>ID=HOST:PORT,… of all nodes' peer addresses, alike on every node.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>Keys at which the user key space is cut into ranges at the first start, ascending, separated by commas.</summary>
    public string SplitKeys { get; init; } = "";

    /// <summary>A name for where the node stands (rack, zone).</summary>
    public string? Zone { get; init; }

    /// <summary>Allow listening beyond loopback without TLS.</summary>
    public bool Insecure { get; init; }

    /// <summary>Replicas per user range at the first start. 3: one node may fail.</summary>
    public int ReplicationFactor { get; init; } = 3;

    /// <summary>Most seconds that a graceful stop spends on handing over leadership.</summary>
    public double StopSeconds { get; init; } = 5;

    /// <summary>Entries applied after which a range's state is checkpointed, if not for another reason before. 2000000: bounds the log that has to be kept, and what is replayed
    /// after a power cut to some seconds.</summary>
    public int CheckpointEntries { get; init; } = 2_000_000;

    /// <summary>Loop threads; 0 = one per two processors, at most 4.</summary>
    public int Loops { get; init; }

    /// <summary>Apply threads; 0 = one per two processors, at most 4.</summary>
    public int Appliers { get; init; }
}

/// <summary>What the node writes about itself.</summary>
internal sealed record LogSection
{
    /// <summary>Verbose, Debug, Information, Warning or Error.</summary>
    public string Level { get; init; } = "Information";

    /// <summary>text (for people) or json (one object a line).</summary>
    public string Format { get; init; } = "text";
}
