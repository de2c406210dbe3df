using System.Text;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>COMMAND [COUNT | LIST | INFO name ... | DOCS name ...]: what commands there are.</summary>
internal static class CommandCommand
{
    public static IEnumerable<RespCommand> All => [new LocalCommand("COMMAND", -1, Run) { Summary = "COUNT, LIST, INFO, DOCS of the commands there are." }];

    private static void Run(RespSession session, in Request request)
    {
        RespWriter writer = session.Writer;
        if (request.Count == 1)
        {
            writer.Array(CommandTable.All.Count);
            foreach (RespCommand command in CommandTable.All)
            {
                Info(writer, command);
            }
        }
        else if (request[1].Is("COUNT"u8) && request.Count == 2)
        {
            writer.Integer(CommandTable.All.Count);
        }
        else if (request[1].Is("LIST"u8) && request.Count == 2)
        {
            writer.Array(CommandTable.All.Count);
            foreach (RespCommand command in CommandTable.All)
            {
                writer.Bulk(command.Name.ToLowerInvariant());
            }
        }
        else if (request[1].Is("INFO"u8))
        {
            List<RespCommand?> asked = Named(request);
            writer.Array(asked.Count);
            foreach (RespCommand? command in asked)
            {
                Info(writer, command);
            }
        }
        else if (request[1].Is("DOCS"u8))
        {
            Docs(writer, [.. Named(request).OfType<RespCommand>()]);
        }
        else
        {
            writer.Error(RespErrors.Subcommand("COMMAND", request[1]));
        }
    }

    private static List<RespCommand?> Named(in Request request)
    {
        if (request.Count == 2)
        {
            return [.. CommandTable.All];
        }

        List<RespCommand?> named = [];
        for (int i = 2; i < request.Count; i++)
        {
            named.Add(CommandTable.Find(request[i]));
        }

        return named;
    }

    private static void Info(RespWriter writer, RespCommand? command)
    {
        if (command is null)
        {
            writer.NullArray();
            return;
        }

        writer.Array(10);
        writer.Bulk(command.Name.ToLowerInvariant());
        writer.Integer(command.Arity);
        writer.Array(1);
        writer.Simple(command.Writes ? "write"u8 : command.Keys.First > 0 ? "readonly"u8 : "fast"u8);
        writer.Integer(command.Keys.First);
        writer.Integer(command.Keys.Last);
        writer.Integer(command.Keys.Step);

        // Categories of access, tips, key specifications, subcommands: there are none.
        for (int i = 0; i < 4; i++)
        {
            writer.Array(0);
        }
    }

    private static void Docs(RespWriter writer, List<RespCommand> commands)
    {
        writer.Map(commands.Count);
        foreach (RespCommand command in commands)
        {
            writer.Bulk(command.Name.ToLowerInvariant());
            writer.Map(3);
            writer.Bulk("summary"u8);
            writer.Bulk(Encoding.UTF8.GetBytes(command.Summary));
            writer.Bulk("since"u8);
            writer.Bulk("1.0.0"u8);
            writer.Bulk("group"u8);
            writer.Bulk(command.Keys.First > 0 ? "string"u8 : "connection"u8);
        }
    }
}
