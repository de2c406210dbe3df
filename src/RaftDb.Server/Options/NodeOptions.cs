using System.Net;
using RaftDb.Raft;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Options;

/// <summary>All options of a node, one section each.</summary>
internal sealed record NodeOptions
{
    /// <summary>Identity and addresses.</summary>
    public NodeSection Node { get; init; } = new();

    /// <summary>Diagnostics.</summary>
    public LogSection Log { get; init; } = new();

    /// <summary>Consensus. A commit's news waits for a millisecond: busy ranges need no messages for it alone then, and a follower of a calm one is hardly behind.</summary>
    public RaftOptions Raft { get; init; } = new() { CommitNoticeDelay = TimeSpan.FromMilliseconds(1) };

    /// <summary>The log on disk.</summary>
    public BinlogOptions Binlog { get; init; } = new();

    /// <summary>State machines.</summary>
    public StateMachineOptions StateMachine { get; init; } = new();

    /// <summary>What clients may send.</summary>
    public CommandLimits Limits { get; init; } = new();

    /// <summary>Connections between nodes.</summary>
    public PeerTransportOptions Transport { get; init; } = new();

    /// <summary>The RESP interface.</summary>
    public RespSection Resp { get; init; } = new();

    /// <summary>The hybrid logical clock.</summary>
    public HybridClockOptions Clock { get; init; } = new();

    /// <summary>The comparison of replicas in the background.</summary>
    public CheckSection Check { get; init; } = new();

    /// <summary>Sessions.</summary>
    public SessionSection Session { get; init; } = new();

    /// <summary>Those who follow changes.</summary>
    public WatchSection Watch { get; init; } = new();

    /// <summary>The cluster as a map, by node id.</summary>
    public SortedDictionary<NodeId, string> ClusterMap()
    {
        SortedDictionary<NodeId, string> map = [];
        foreach (string part in Node.Cluster.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = part.IndexOf('=');
            if (equals <= 0 || !ulong.TryParse(part.AsSpan(0, equals), out ulong id) || id == 0)
            {
                throw new OptionsException($"Option Node:Cluster (--cluster): '{part}' is not ID=HOST:PORT with an id of 1 or more.");
            }

            string address = part[(equals + 1)..];
            EndPointOf(address, "Node:Cluster (--cluster)");
            if (!map.TryAdd(new NodeId(id), address))
            {
                throw new OptionsException($"Option Node:Cluster (--cluster) names node {id} twice.");
            }
        }

        return map;
    }

    /// <summary>The split keys as they were given.</summary>
    public IReadOnlyList<string> SplitKeyTexts() => Node.SplitKeys.Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Host and port of an address option.</summary>
    public static (string Host, int Port) EndPointOf(string address, string option)
    {
        int colon = address.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(address.AsSpan(colon + 1), out int port) || port is < 0 or > 65535)
        {
            throw new OptionsException($"Option {option}: '{address}' is not HOST:PORT with a port from 0 to 65535.");
        }

        return (address[..colon].Trim('[', ']'), port);
    }

    /// <summary>Throws <see cref="OptionsException"/> naming the first option that makes no sense, alone or together with others.</summary>
    public NodeOptions Validate()
    {
        Require(Node.Id > 0, "Node:Id (--id)", "is missing; it must be 1 or more");
        Require(Node.Data.Length > 0, "Node:Data (--data)", "is missing; it names the data directory");
        SortedDictionary<NodeId, string> cluster = ClusterMap();
        Require(cluster.Count > 0, "Node:Cluster (--cluster)", "is missing; it lists all nodes as ID=HOST:PORT,…");
        Require(
            cluster.ContainsKey(new NodeId(Node.Id)), "Node:Cluster (--cluster)", $"does not name this node, {Node.Id}");
        Require(Node.ReplicationFactor >= 1, "Node:ReplicationFactor", "must be 1 or more");
        Require(Node.StopSeconds is >= 0 and <= 600, "Node:StopSeconds", "must be from 0 to 600");
        Require(Node.CheckpointEntries >= 1, "Node:CheckpointEntries", "must be at least 1");
        Require(Node.Loops is >= 0 and <= 64, "Node:Loops", "must be from 0 to 64");
        Require(Node.Appliers is >= 0 and <= 64, "Node:Appliers", "must be from 0 to 64");
        Require(Log.Format is "text" or "json", "Log:Format", "must be text or json");
        Require(
            Enum.TryParse<Serilog.Events.LogEventLevel>(Log.Level, true, out _), "Log:Level", "must be Verbose, Debug, Information, Warning or Error");
        foreach ((string option, string? address) in new[]
        {
            ("Node:Http (--http)", Node.Http), ("Node:Resp (--resp)", Node.Resp), ("Node:Peer (--peer)", Node.Peer),
        })
        {
            if (address is null)
            {
                continue;
            }

            (string host, _) = EndPointOf(address, option);
            bool loopback = host == "localhost" || (IPAddress.TryParse(host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
            Require(
                loopback || Node.Insecure,
                option,
                $"is '{address}', beyond loopback, where everybody can read and write without TLS; add --insecure if that is what you want");
        }

        Nested("Raft", () => Raft.Validate());
        Nested("Binlog", () => Binlog.Validate());
        Nested("StateMachine", () => StateMachine.Validate());
        Nested("Limits", () => Limits.Validate());
        Nested("Transport", () => Transport.Validate());
        Nested("Resp", () => Resp.Validate());
        Nested("Clock", () => Clock.Validate());
        Nested("Check", () => Check.Validate());
        Nested("Watch", () => Watch.Validate());
        Nested("Session", () => Session.Validate());
        return this;
    }

    private static void Require(bool holds, string option, string rule)
    {
        if (!holds)
        {
            throw new OptionsException($"Option {option} {rule}.");
        }
    }

    private static void Nested(string section, Action validate)
    {
        try
        {
            validate();
        }
        catch (ArgumentException e)
        {
            throw new OptionsException($"Section {section}: {e.Message}");
        }
    }
}
