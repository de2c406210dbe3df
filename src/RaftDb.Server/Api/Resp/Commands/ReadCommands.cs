using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Reads of keys.</summary>
internal static class ReadCommands
{
    public static IEnumerable<RespCommand> All =>
    [
        new DataCommand("GET", 2, Read, Value) { Keys = KeyPlaces.One, Summary = "Reads a key." },
        new DataCommand("MGET", -2, Read, Values) { Keys = KeyPlaces.All, Summary = "Reads keys." },
        new DataCommand("EXISTS", -2, Read, Count) { Keys = KeyPlaces.All, Summary = "How many of these keys there are." },
        new DataCommand("STRLEN", 2, Read, Length) { Keys = KeyPlaces.One, Summary = "How many bytes a value has." },
        new DataCommand("TYPE", 2, Read, Type) { Keys = KeyPlaces.One, Summary = "string, or none." },
    ];

    /// <summary>Plans to read all arguments.</summary>
    public static void Read(CommandRun run, in Request request)
    {
        if (KeyProblem(run.Limits, request) is { } problem)
        {
            run.Refuse(problem);
            return;
        }

        for (int i = 1; i < request.Count; i++)
        {
            run.Read(request.Memory(i));
        }
    }

    /// <summary>What is wrong with arguments that are all keys; null when nothing is.</summary>
    public static string? KeyProblem(CommandLimits limits, in Request request)
    {
        for (int i = 1; i < request.Count; i++)
        {
            int length = request[i].Length;
            if (length > limits.MaxKeyBytes)
            {
                return $"TOOLARGE The key has {length} bytes; at most {limits.MaxKeyBytes} are allowed.";
            }

            if (length == 0)
            {
                return "ERR The key is empty; keys have at least one byte.";
            }
        }

        return null;
    }

    private static void Value(RespWriter writer, in SlotResults results) => Value(writer, results.Row(0));

    private static void Value(RespWriter writer, in Row? row)
    {
        if (row is { } found)
        {
            writer.Bulk(found.Value.Span);
        }
        else
        {
            writer.Null();
        }
    }

    private static void Values(RespWriter writer, in SlotResults results)
    {
        writer.Array(results.Count);
        for (int i = 0; i < results.Count; i++)
        {
            Value(writer, results.Row(i));
        }
    }

    private static void Count(RespWriter writer, in SlotResults results)
    {
        int count = 0;
        for (int i = 0; i < results.Count; i++)
        {
            count += results.Row(i) is null ? 0 : 1;
        }

        writer.Integer(count);
    }

    private static void Length(RespWriter writer, in SlotResults results) => writer.Integer(results.Row(0)?.Value.Length ?? 0);

    private static void Type(RespWriter writer, in SlotResults results) => writer.Simple(results.Row(0) is null ? "none"u8 : "string"u8);
}
