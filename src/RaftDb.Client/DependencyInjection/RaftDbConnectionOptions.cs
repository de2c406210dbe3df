namespace RaftDb.Client.DependencyInjection;

/// <summary>Where the cluster of an injected client is, and how the client behaves. Can be bound to a configuration section.</summary>
public sealed class RaftDbConnectionOptions
{
    /// <summary>HTTP addresses of one or more nodes: <c>host:port,host:port</c>.</summary>
    public string Servers { get; set; } = "";

    /// <summary>Deadlines, retries, connections.</summary>
    public RaftDbClientOptions Client { get; set; } = new();
}
