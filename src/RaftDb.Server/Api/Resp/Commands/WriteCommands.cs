using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Writes of values.</summary>
internal static class WriteCommands
{
    public static IEnumerable<RespCommand> All =>
    [
        new DataCommand("SET", -3, SetCommand.Plan, SetCommand.Answer) { Keys = KeyPlaces.One, Writes = true, Summary = "Sets a key." },
        new DataCommand("SETNX", 3, SetIfAbsent, Succeeded) { Keys = KeyPlaces.One, Writes = true, Summary = "Sets a key if it is absent." },
        new DataCommand("GETSET", 3, GetSet, SetCommand.Answer) { Keys = KeyPlaces.One, Writes = true, Summary = "Sets a key and answers the value before." },
        new DataCommand("GETDEL", 2, GetDelete, SetCommand.Answer) { Keys = KeyPlaces.One, Writes = true, Summary = "Removes a key and answers its value." },
        new DataCommand("MSET", -3, SetMany, Ok) { Keys = new(1, -1, 2), Writes = true, Summary = "Sets several keys of one range, atomically." },
        new DataCommand("DEL", -2, Delete, Count) { Keys = KeyPlaces.All, Writes = true, Summary = "Removes keys." },
        new DataCommand("UNLINK", -2, Delete, Count) { Keys = KeyPlaces.All, Writes = true, Summary = "Removes keys." },
        new DataCommand("APPEND", 3, Append, Count) { Keys = KeyPlaces.One, Writes = true, Summary = "Adds bytes behind a value." },
        new DataCommand("INCR", 2, (CommandRun run, in Request request) => Increment(run, request, 1), Number) { Keys = KeyPlaces.One, Writes = true, Summary = "Adds 1 to a number." },
        new DataCommand("DECR", 2, (CommandRun run, in Request request) => Increment(run, request, -1), Number) { Keys = KeyPlaces.One, Writes = true, Summary = "Takes 1 from a number." },
        new DataCommand("INCRBY", 3, IncrementBy, Number) { Keys = KeyPlaces.One, Writes = true, Summary = "Adds to a number." },
        new DataCommand("DECRBY", 3, DecrementBy, Number) { Keys = KeyPlaces.One, Writes = true, Summary = "Takes from a number." },
    ];

    /// <summary>Adds one operation as an item of its own, when it may be proposed.</summary>
    public static void Add(CommandRun run, in Operation operation)
    {
        if (run.Limits.Validate(operation) is { } error)
        {
            run.Refuse(RespErrors.Text(error));
        }
        else
        {
            run.Write([], [operation], []);
        }
    }

    /// <summary>Adds up what the items counted.</summary>
    public static void Count(RespWriter writer, in SlotResults results)
    {
        long count = 0;
        for (int i = 0; i < results.Count; i++)
        {
            count += results.Operation(i, 0).Count;
        }

        writer.Integer(count);
    }

    private static void Ok(RespWriter writer, in SlotResults results) => writer.Ok();

    private static void Succeeded(RespWriter writer, in SlotResults results) => writer.Integer(results.Item(0).Succeeded ? 1 : 0);

    private static void Number(RespWriter writer, in SlotResults results)
    {
        bool isNumber = Integers.TryParse(results.Operation(0, 0).Value.Span, out long number);
        Raft.Check.That(isNumber, "an increment gave something that is no number");
        writer.Integer(number);
    }

    private static void SetIfAbsent(CommandRun run, in Request request)
    {
        Operation put = Operation.Put(request.Memory(1), request.Memory(2));
        if (run.Limits.Validate(put) is { } error)
        {
            run.Refuse(RespErrors.Text(error));
        }
        else
        {
            run.Write([new(ConditionKind.Exists, put.Key, 0, default)], [put], []);
        }
    }

    private static void GetSet(CommandRun run, in Request request)
    {
        Operation put = Operation.Put(request.Memory(1), request.Memory(2));
        if (run.Limits.Validate(put) is { } error)
        {
            run.Refuse(RespErrors.Text(error));
        }
        else
        {
            run.Write([], [Operation.Get(put.Key), put], []);
        }
    }

    private static void GetDelete(CommandRun run, in Request request)
    {
        Operation delete = Operation.Delete(request.Memory(1));
        if (run.Limits.Validate(delete) is { } error)
        {
            run.Refuse(RespErrors.Text(error));
        }
        else
        {
            run.Write([], [Operation.Get(delete.Key), delete], []);
        }
    }

    private static void SetMany(CommandRun run, in Request request)
    {
        if (request.Count % 2 == 0)
        {
            run.Refuse("ERR wrong number of arguments for 'mset' command");
            return;
        }

        RangeDescriptor range = run.RangeOf(request[1]);
        Operation[] puts = new Operation[request.Count / 2];
        for (int i = 0; i < puts.Length; i++)
        {
            puts[i] = Operation.Put(request.Memory((2 * i) + 1), request.Memory((2 * i) + 2));
            if (run.Limits.Validate(puts[i]) is { } error)
            {
                run.Refuse(RespErrors.Text(error));
                return;
            }

            if (!range.Contains(puts[i].Key.Span))
            {
                run.Refuse(RespErrors.CrossRange);
                return;
            }
        }

        run.Write([], puts, []);
    }

    private static void Delete(CommandRun run, in Request request)
    {
        for (int i = 1; i < request.Count; i++)
        {
            if (run.Limits.Validate(Operation.Delete(request.Memory(i))) is { } error)
            {
                run.Refuse(RespErrors.Text(error));
                return;
            }
        }

        for (int i = 1; i < request.Count; i++)
        {
            run.Write([], [Operation.Delete(request.Memory(i))], []);
        }
    }

    private static void Append(CommandRun run, in Request request) =>
        Add(run, Operation.Append(request.Memory(1), request.Memory(2), run.Limits.MaxValueBytes));

    private static void IncrementBy(CommandRun run, in Request request)
    {
        if (Integers.TryParse(request[2], out long by))
        {
            Increment(run, request, by);
        }
        else
        {
            run.Refuse(RespErrors.NotAnInteger);
        }
    }

    private static void DecrementBy(CommandRun run, in Request request)
    {
        if (!Integers.TryParse(request[2], out long by))
        {
            run.Refuse(RespErrors.NotAnInteger);
        }
        else if (by == long.MinValue)
        {
            run.Refuse("ERR decrement would overflow");
        }
        else
        {
            Increment(run, request, -by);
        }
    }

    private static void Increment(CommandRun run, in Request request, long by) => Add(run, Operation.Increment(request.Memory(1), by));
}
