using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Commands about the connection itself.</summary>
internal static class ConnectionCommands
{
    private const string NoPassword = "ERR AUTH was called, and this version has no passwords: who reaches this address may read and write.";

    public static IEnumerable<RespCommand> All =>
    [
        new LocalCommand("PING", -1, Ping) { Summary = "Answers PONG, or its argument." },
        new LocalCommand("ECHO", 2, (RespSession session, in Request request) => session.Writer.Bulk(request[1])) { Summary = "Answers its argument." },
        new LocalCommand("HELLO", -1, Hello) { Summary = "Chooses the version of the protocol, 2 or 3." },
        new LocalCommand("AUTH", -2, Authenticate) { Summary = "Refused: there are no passwords." },
        new LocalCommand("QUIT", -1, Quit) { InTransaction = true, Summary = "Answers what came before and closes the connection." },
        new LocalCommand("SELECT", 2, Select) { Summary = "Chooses database 0, the only one." },
    ];

    private static void Ping(RespSession session, in Request request)
    {
        if (request.Count > 2)
        {
            session.Writer.Error("ERR wrong number of arguments for 'ping' command");
        }
        else if (request.Count == 2)
        {
            session.Writer.Bulk(request[1]);
        }
        else
        {
            session.Writer.Simple("PONG"u8);
        }
    }

    private static void Quit(RespSession session, in Request request)
    {
        session.Writer.Ok();
        session.IsClosing = true;
    }

    private static void Authenticate(RespSession session, in Request request) => session.Writer.Error(NoPassword);

    private static void Select(RespSession session, in Request request)
    {
        if (!Integers.TryParse(request[1], out long number))
        {
            session.Writer.Error("ERR invalid DB index");
        }
        else if (number != 0)
        {
            session.Writer.Error("ERR DB index is out of range: there is one database, 0");
        }
        else
        {
            session.Writer.Ok();
        }
    }

    private static void Hello(RespSession session, in Request request)
    {
        int version = session.Writer.Version;
        string? name = null;
        if (request.Count > 1)
        {
            if (!Integers.TryParse(request[1], out long asked) || asked is not (2 or 3))
            {
                session.Writer.Error("NOPROTO unsupported protocol version");
                return;
            }

            version = (int)asked;
        }

        for (int i = 2; i < request.Count; i++)
        {
            if (request[i].Is("AUTH"u8) && i + 2 < request.Count)
            {
                session.Writer.Error(NoPassword);
                return;
            }

            if (request[i].Is("SETNAME"u8) && i + 1 < request.Count)
            {
                if (!ClientCommand.TryName(request[++i], out name))
                {
                    session.Writer.Error(ClientCommand.BadName);
                    return;
                }
            }
            else
            {
                session.Writer.Error($"ERR Syntax error in HELLO option '{System.Text.Encoding.UTF8.GetString(request[i])}'");
                return;
            }
        }

        session.Writer.Version = version;
        session.Name = name ?? session.Name;
        RespWriter writer = session.Writer;
        writer.Map(7);
        writer.Bulk("server"u8);
        writer.Bulk("raftdb"u8);
        writer.Bulk("version"u8);
        writer.Bulk(InfoCommand.RedisVersion);
        writer.Bulk("proto"u8);
        writer.Integer(version);
        writer.Bulk("id"u8);
        writer.Integer(session.Id);
        writer.Bulk("mode"u8);
        writer.Bulk("standalone"u8);
        writer.Bulk("role"u8);
        writer.Bulk("master"u8);
        writer.Bulk("modules"u8);
        writer.Array(0);
    }
}
