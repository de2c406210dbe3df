namespace RaftDb.Cli.Commands;

/// <summary>What `raftdb dev` was told, checked.</summary>
/// <param name="Nodes">How many nodes.</param>
/// <param name="Data">Their data directory; null = a temporary one.</param>
/// <param name="BasePort">Node i serves HTTP on this + i, RESP on this + 100 + i, peers on this + 200 + i.</param>
/// <param name="SplitKeys">Where ranges begin.</param>
internal sealed record DevArguments(int Nodes, string? Data, int BasePort, IReadOnlyList<string> SplitKeys)
{
    /// <summary>Throws a <see cref="UsageException"/> that names the option.</summary>
    public void Validate()
    {
        if (Nodes is < 1 or > 9)
        {
            throw new UsageException("--nodes: must be 1 to 9.");
        }

        if (BasePort is < 1 or > 65_000)
        {
            throw new UsageException("--base-port: must be 1 to 65000.");
        }
    }

    /// <summary>The same as `raftdb start` would be told for one of the nodes.</summary>
    public StartArguments Node(ulong id, string data) => new()
    {
        Id = id,
        Data = Path.Combine(data, $"node{id}"),
        Http = $"127.0.0.1:{BasePort + (int)id}",
        Resp = $"127.0.0.1:{BasePort + 100 + (int)id}",
        Peer = $"127.0.0.1:{BasePort + 200 + (int)id}",
        Cluster = new SortedDictionary<ulong, string>(
            Enumerable.Range(1, Nodes).ToDictionary(i => (ulong)i, i => $"127.0.0.1:{BasePort + 200 + i}")),
        SplitKeys = SplitKeys,
    };
}
