using System.Globalization;
using System.Text;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>INFO [section ...].</summary>
internal static class InfoCommand
{
    /// <summary>The version of Redis whose commands these resemble: what clients look at to know what they may ask.</summary>
    public const string RedisVersion = "7.0.0";

    private static readonly long Started = Environment.TickCount64;
    private static readonly (string Name, Action<StringBuilder, RespSession> Write)[] Sections =
    [
        ("server", Server), ("clients", Clients), ("memory", Memory), ("persistence", Persistence), ("stats", Stats), ("replication", Replication),
        ("cpu", Processor), ("cluster", Cluster), ("keyspace", Keyspace),
    ];

    public static IEnumerable<RespCommand> All => [new LocalCommand("INFO", -1, Run) { Summary = "What this node tells of itself." }];

    private static void Run(RespSession session, in Request request)
    {
        StringBuilder text = new();
        foreach ((string name, Action<StringBuilder, RespSession> write) in Sections)
        {
            if (IsAsked(request, name))
            {
                text.Append(text.Length == 0 ? "" : "\r\n").Append(CultureInfo.InvariantCulture, $"# {char.ToUpperInvariant(name[0])}{name[1..]}\r\n");
                write(text, session);
            }
        }

        session.Writer.Text(text.ToString());
    }

    private static bool IsAsked(in Request request, string section)
    {
        if (request.Count == 1)
        {
            return true;
        }

        byte[] name = Encoding.ASCII.GetBytes(section);
        for (int i = 1; i < request.Count; i++)
        {
            ReadOnlySpan<byte> asked = request[i];
            if (asked.Is(name) || asked.Is("all"u8) || asked.Is("everything"u8) || asked.Is("default"u8))
            {
                return true;
            }
        }

        return false;
    }

    private static void Line(StringBuilder text, string name, object value) => text.Append(CultureInfo.InvariantCulture, $"{name}:{value}\r\n");

    private static void Server(StringBuilder text, RespSession session)
    {
        RespFacts facts = session.Services.Facts;
        Line(text, "redis_version", RedisVersion);
        Line(text, "redis_mode", "standalone");
        Line(text, "raftdb_version", facts.Version);
        Line(text, "raftdb_node", facts.Node);
        Line(text, "os", Environment.OSVersion);
        Line(text, "arch_bits", 8 * IntPtr.Size);
        Line(text, "process_id", Environment.ProcessId);
        Line(text, "tcp_port", facts.Port);
        Line(text, "uptime_in_seconds", (Environment.TickCount64 - Started) / 1000);
    }

    private static void Clients(StringBuilder text, RespSession session)
    {
        Line(text, "connected_clients", session.Services.Metrics.Open);
        Line(text, "maxclients", session.Services.Options.MaxConnections);
    }

    private static void Memory(StringBuilder text, RespSession session)
    {
        Line(text, "used_memory", GC.GetTotalMemory(false));
        Line(text, "used_memory_rss", Environment.WorkingSet);
        Line(text, "maxmemory", 0);
        Line(text, "maxmemory_policy", "noeviction");
    }

    private static void Persistence(StringBuilder text, RespSession session)
    {
        Line(text, "loading", 0);
        Line(text, "aof_enabled", 1);
    }

    private static void Stats(StringBuilder text, RespSession session)
    {
        Line(text, "total_connections_received", session.Services.Metrics.Accepted);
        Line(text, "total_commands_processed", session.Services.Metrics.Commands);
    }

    // Every node takes every command, which is what clients want to know of a master.
    private static void Replication(StringBuilder text, RespSession session)
    {
        Line(text, "role", "master");
        Line(text, "connected_slaves", 0);
    }

    private static void Processor(StringBuilder text, RespSession session) =>
        Line(text, "used_cpu_user", Environment.CpuUsage.UserTime.TotalSeconds.ToString("F3", CultureInfo.InvariantCulture));

    private static void Cluster(StringBuilder text, RespSession session) => Line(text, "cluster_enabled", 0);

    private static void Keyspace(StringBuilder text, RespSession session)
    {
        if (session.Services.Facts.KeysHere() is > 0 and long keys)
        {
            Line(text, "db0", $"keys={keys},expires=0,avg_ttl=0");
        }
    }
}
