namespace RaftDb.Server.Hosting.Embedded;

/// <summary>A node inside an application. Can be bound to a configuration section; <c>AddRaftDbNode</c> binds <c>RaftDb:Node</c>.</summary>
public sealed class RaftDbNodeOptions
{
    /// <summary>The node's id, 1 or more, unique in the cluster and never used twice.</summary>
    public ulong Id { get; set; } = 1;

    /// <summary>Where the node keeps everything; made if it isn't there.</summary>
    public string DataDirectory { get; set; } = "";

    /// <summary>HOST:PORT where the node serves HTTP. It listens there by itself, beside the application.</summary>
    public string Http { get; set; } = "127.0.0.1:8101";

    /// <summary>HOST:PORT where it speaks the Redis protocol, which the .NET client uses too; null or empty = nowhere.</summary>
    public string? Resp { get; set; } = "127.0.0.1:8201";

    /// <summary>HOST:PORT where other nodes connect.</summary>
    public string Peer { get; set; } = "127.0.0.1:8301";

    /// <summary>What others are told instead of <see cref="Http"/>, where they reach it by another name.</summary>
    public string? AdvertiseHttp { get; set; }

    /// <summary>What others are told instead of <see cref="Resp"/>.</summary>
    public string? AdvertiseResp { get; set; }

    /// <summary>Peer addresses (HOST:PORT) of all nodes by id, this one among them and alike on every node. Empty = this node is the cluster.</summary>
    public IDictionary<ulong, string> Cluster { get; } = new Dictionary<ulong, string>();

    /// <summary>Keys at which the key space is cut into ranges at the first start, ascending.</summary>
    public IList<string> SplitKeys { get; } = [];

    /// <summary>A name for where the node stands (rack, zone).</summary>
    public string? Zone { get; set; }

    /// <summary>Listen beyond loopback although there is no TLS and no authentication.</summary>
    public bool Insecure { get; set; }

    /// <summary>Replicas per range at the first start.</summary>
    public int ReplicationFactor { get; set; } = 3;

    /// <summary>How long handing over leadership may take when the application stops.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the application starts without waiting for the node. A new cluster needs all of its nodes, so that the wait may be long; the health check
    /// and <see cref="EmbeddedNode.WaitUntilReadyAsync"/> tell when it is over.</summary>
    public bool StartInBackground { get; set; }

    /// <summary>Every other option of a node, as <c>Section:Key</c> and value: <c>Raft:HeartbeatInterval</c>, <c>50ms</c>. In a configuration, as sections and keys.</summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>();
}
