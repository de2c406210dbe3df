using System.Net;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>What `raftdb start` was told, checked. Addresses stay text: names are resolved by who binds or dials.</summary>
internal sealed record StartArguments
{
    public required ulong Id { get; init; }

    public required string Data { get; init; }

    public required string Http { get; init; }

    public required string Resp { get; init; }

    public required string Peer { get; init; }

    /// <summary>Peer addresses by node, the own one among them; empty with <see cref="Join"/> and when a bootstrapped node restarts.</summary>
    public IReadOnlyDictionary<ulong, string> Cluster { get; init; } = new SortedDictionary<ulong, string>();

    /// <summary>HTTP address of any member; null without.</summary>
    public string? Join { get; init; }

    public IReadOnlyList<string> SplitKeys { get; init; } = [];

    public string? Zone { get; init; }

    public string? ConfigFile { get; init; }

    /// <summary>Section:Key and value, in the order given; later ones win.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    public string? AdvertiseHttp { get; init; }

    public string? AdvertiseResp { get; init; }

    public string? AdvertisePeer { get; init; }

    /// <summary>Whether it may listen on more than loopback without TLS.</summary>
    public bool Insecure { get; init; }

    /// <summary>Throws a <see cref="UsageException"/> that names the option.</summary>
    public void Validate()
    {
        if (Id == 0)
        {
            throw new UsageException("--id: must be 1 or more.");
        }

        Listens("--http", Http);
        Listens("--resp", Resp);
        Listens("--peer", Peer);
        IsAddress("--advertise-http", AdvertiseHttp);
        IsAddress("--advertise-resp", AdvertiseResp);
        IsAddress("--advertise-peer", AdvertisePeer);
        IsAddress("--join", Join);
        if (Join is not null && Cluster.Count > 0)
        {
            throw new UsageException("--join: a node either joins a cluster or is one of the first (--cluster), not both.");
        }

        if (Cluster.Count > 0 && !Cluster.ContainsKey(Id))
        {
            throw new UsageException($"--cluster: node {Id} (--id) is missing; name all nodes, this one too.");
        }

        if (ConfigFile is { } file && !File.Exists(file))
        {
            throw new UsageException($"--config: there is no file '{file}'.");
        }
    }

    /// <summary>1=HOST:PORT,2=HOST:PORT</summary>
    public static IReadOnlyDictionary<ulong, string> ParseCluster(string? text)
    {
        SortedDictionary<ulong, string> nodes = [];
        foreach (string part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=');
            if (equals <= 0 || !ulong.TryParse(part.AsSpan(0, equals), out ulong id) || id == 0)
            {
                throw new UsageException($"--cluster: '{part}' is not ID=HOST:PORT.");
            }

            string address = part[(equals + 1)..];
            IsAddress("--cluster", address);
            if (!nodes.TryAdd(id, address))
            {
                throw new UsageException($"--cluster: node {id} is named twice.");
            }
        }

        return nodes;
    }

    /// <summary>Keys where ranges begin, in order once sorted by bytes.</summary>
    public static IReadOnlyList<string> ParseSplitKeys(string? text)
    {
        List<string> keys = [.. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)];
        keys.Sort(static (a, b) => System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b)));
        for (int i = 1; i < keys.Count; i++)
        {
            if (keys[i] == keys[i - 1])
            {
                throw new UsageException($"--split-keys: '{keys[i]}' is named twice.");
            }
        }

        return keys;
    }

    /// <summary>Section:Key=Value</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> ParseSettings(IEnumerable<string> texts)
    {
        List<KeyValuePair<string, string>> settings = [];
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=');
            int colon = text.IndexOf(':');
            if (colon <= 0 || equals <= colon + 1)
            {
                throw new UsageException($"--set: '{text}' is not Section:Key=Value, like Binlog:RetainedEntries=1000.");
            }

            settings.Add(new(text[..equals], text[(equals + 1)..]));
        }

        return settings;
    }

    private static void IsAddress(string option, string? address)
    {
        if (address is not null && !Endpoint.TryParse(address, out _))
        {
            throw new UsageException($"{option}: '{address}' is not HOST:PORT.");
        }
    }

    private void Listens(string option, string address)
    {
        IsAddress(option, address);
        Endpoint.TryParse(address, out Endpoint endpoint);
        bool loopback = endpoint.Host == "localhost" || (IPAddress.TryParse(endpoint.Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
        if (!loopback && !Insecure)
        {
            throw new UsageException(
                $"{option}: {address} is reachable from other machines and there is no TLS. Use a loopback address, or accept it with --insecure.");
        }
    }
}
