using System.Globalization;
using RaftDb.Server.Options;

namespace RaftDb.Server.Hosting.Embedded;

/// <summary>Makes a node's options of those that an application gave.</summary>
internal static class NodeOptionsMapping
{
    /// <summary>Throws <see cref="OptionsException"/> naming the option that makes no sense.</summary>
    public static NodeOptions ToNodeOptions(this RaftDbNodeOptions options)
    {
        if (options.Id == 0)
        {
            throw Refused(nameof(options.Id), "must be 1 or more");
        }

        if (string.IsNullOrWhiteSpace(options.DataDirectory))
        {
            throw Refused(nameof(options.DataDirectory), "is missing; it names the directory where the node keeps its data");
        }

        Address(nameof(options.Http), options.Http, options.Insecure);
        Address(nameof(options.Peer), options.Peer, options.Insecure);
        if (!string.IsNullOrEmpty(options.Resp))
        {
            Address(nameof(options.Resp), options.Resp, options.Insecure);
        }

        if (options.Cluster.Count > 0 && !options.Cluster.ContainsKey(options.Id))
        {
            throw Refused(nameof(options.Cluster), $"does not name this node, {options.Id}; it lists all nodes, alike on every node");
        }

        foreach ((ulong id, string address) in options.Cluster)
        {
            Port(nameof(options.Cluster), address);
            if (id == 0)
            {
                throw Refused(nameof(options.Cluster), "names a node 0; ids are 1 or more");
            }
        }

        if (options.SplitKeys.FirstOrDefault(key => key.Length == 0 || key.Contains(',')) is { } wrong)
        {
            throw Refused(nameof(options.SplitKeys), $"has '{wrong}'; a split key here is text without a comma");
        }

        if (options.StopTimeout < TimeSpan.Zero || options.StopTimeout > TimeSpan.FromMinutes(10))
        {
            throw Refused(nameof(options.StopTimeout), "must be from 0 to 10 minutes");
        }

        NodeOptions node = new()
        {
            Node = new NodeSection
            {
                Id = options.Id,
                Data = options.DataDirectory,
                Http = options.Http,
                Resp = string.IsNullOrEmpty(options.Resp) ? null : options.Resp,
                Peer = options.Peer,
                AdvertiseHttp = options.AdvertiseHttp,
                AdvertiseResp = options.AdvertiseResp,
                Cluster = options.Cluster.Count == 0
                    ? $"{options.Id}={options.Peer}"
                    : string.Join(',', options.Cluster.OrderBy(member => member.Key).Select(member => string.Create(CultureInfo.InvariantCulture, $"{member.Key}={member.Value}"))),
                SplitKeys = string.Join(',', options.SplitKeys),
                Zone = options.Zone,
                Insecure = options.Insecure,
                ReplicationFactor = options.ReplicationFactor,
                StopSeconds = options.StopTimeout.TotalSeconds,
            },
        };
        foreach ((string name, string value) in options.Settings)
        {
            if (name.StartsWith("Log:", StringComparison.OrdinalIgnoreCase))
            {
                throw Refused($"{nameof(options.Settings)}[{name}]", "has no meaning here: the node writes to the application's own log");
            }

            NodeOptionsLoader.Set(node, name, value, nameof(options.Settings));
        }

        return node.Validate();
    }

    private static void Address(string option, string address, bool insecure)
    {
        string host = Port(option, address);
        bool loopback = host == "localhost" || (System.Net.IPAddress.TryParse(host, out System.Net.IPAddress? ip) && System.Net.IPAddress.IsLoopback(ip));
        if (!loopback && !insecure)
        {
            throw Refused(option, $"is '{address}', beyond loopback, where everybody can read and write without TLS; set {nameof(RaftDbNodeOptions.Insecure)} if that is what you want");
        }
    }

    private static string Port(string option, string address)
    {
        (string host, int port) = NodeOptions.EndPointOf(address, $"{nameof(RaftDbNodeOptions)}.{option}");
        return port > 0 ? host : throw Refused(option, $"is '{address}'; others must be told a port, so it can't be 0");
    }

    private static OptionsException Refused(string option, string rule) => new($"Option {nameof(RaftDbNodeOptions)}.{option} {rule}.");
}
