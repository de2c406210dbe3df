using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Commands about the connection itself.</summary>
internal static class ConnectionCommands
{
    public static IEnumerable<RespCommand> All =>
    [
        new LocalCommand("PING", -1, Ping),
        new LocalCommand("ECHO", 2, (RespSession session, in Request request) => session.Writer.Bulk(request[1])),
        new LocalCommand("QUIT", -1, Quit) { InTransaction = true },
        new LocalCommand("SELECT", 2, Select),
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
}
