using System.Globalization;
using System.Text;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>CONFIG GET: the few settings that tools ask for.</summary>
internal static class ConfigCommand
{
    public static IEnumerable<RespCommand> All => [new LocalCommand("CONFIG", -2, Run) { Summary = "GET pattern ...: what tools ask for of a server's settings." }];

    private static void Run(RespSession session, in Request request)
    {
        if (!request[1].Is("GET"u8) || request.Count < 3)
        {
            session.Writer.Error(RespErrors.Subcommand("CONFIG", request[1]));
            return;
        }

        List<(string Name, string Value)> found = [];
        foreach ((string name, string value) in Settings(session))
        {
            for (int i = 2; i < request.Count; i++)
            {
                if (new GlobPattern(Lower(request[i])).Matches(Encoding.ASCII.GetBytes(name)))
                {
                    found.Add((name, value));
                    break;
                }
            }
        }

        session.Writer.Map(found.Count);
        foreach ((string name, string value) in found)
        {
            session.Writer.Bulk(name);
            session.Writer.Bulk(value);
        }
    }

    private static byte[] Lower(ReadOnlySpan<byte> text)
    {
        byte[] lower = new byte[text.Length];
        Ascii.ToLower(text, lower, out int written);
        return written == text.Length ? lower : text.ToArray();
    }

    private static (string Name, string Value)[] Settings(RespSession session) =>
    [
        ("appendonly", "yes"),
        ("bind", ""),
        ("databases", "1"),
        ("maxclients", session.Services.Options.MaxConnections.ToString(CultureInfo.InvariantCulture)),
        ("maxmemory", "0"),
        ("maxmemory-policy", "noeviction"),
        ("port", session.Services.Facts.Port.ToString(CultureInfo.InvariantCulture)),
        ("proto-max-bulk-len", session.Services.Options.MaxBulkBytes.ToString(CultureInfo.InvariantCulture)),
        ("save", ""),
        ("timeout", ((long)session.Services.Options.IdleTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
    ];
}
