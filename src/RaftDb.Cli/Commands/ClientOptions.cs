using System.CommandLine;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>The options of every command that talks to a cluster.</summary>
internal sealed class ClientOptions
{
    private const string DefaultServer = "127.0.0.1:8101";

    private readonly Option<string?> _server = new("--server")
    {
        Description = "HTTP addresses of one or more nodes, HOST:PORT[,HOST:PORT...]. Default: $RAFTDB_SERVER, then 127.0.0.1:8101.",
    };

    private readonly Option<string?> _timeout = new("--timeout") { Description = "How long to try, retries included. Default: 10s." };

    private readonly Option<bool> _json = new("--json") { Description = "Answer as JSON." };

    public ClientOptions(Command command)
    {
        command.Add(_server);
        command.Add(_timeout);
        command.Add(_json);
    }

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    public string Servers(ParseResult parsed)
    {
        string? environment = Environment.GetEnvironmentVariable("RAFTDB_SERVER");
        string servers = parsed.GetValue(_server) ?? (string.IsNullOrWhiteSpace(environment) ? DefaultServer : environment);
        return Endpoint.TryParseList(servers, out _, out string? wrong)
            ? servers
            : throw new UsageException($"--server: '{wrong}' is not an address. Write HOST:PORT, several separated by commas.");
    }

    public RaftDbClient Connect(ParseResult parsed, Func<RaftDbClientOptions, RaftDbClientOptions>? change = null)
    {
        RaftDbClientOptions options = new() { Timeout = Duration.Parse("--timeout", parsed.GetValue(_timeout)) ?? TimeSpan.FromSeconds(10) };
        return RaftDbClient.Create(Servers(parsed), change?.Invoke(options) ?? options);
    }

    /// <summary>For reads: what a replica has, rather than what the cluster has, is asked of the node that --server names.</summary>
    public RaftDbClient ConnectToRead(ParseResult parsed, ReadOptions read) =>
        Connect(parsed, options => read.Consistency is null or "linearizable" && read.Replica is null ? options : options with { Protocol = ClientProtocol.Http });
}
