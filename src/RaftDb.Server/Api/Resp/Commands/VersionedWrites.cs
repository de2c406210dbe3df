using RaftDb.Raft;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Writes whose answers say what was done and where: node, range and index first, always.</summary>
internal static class VersionedWrites
{
    public static IEnumerable<RespCommand> All =>
    [
        new DataCommand("RDB.TXN", -3, (CommandRun run, in Request request) => run.Words.Plan(run, request, 1), Transaction) { Writes = true, InMulti = false, Summary = "Conditions and operations of one range, atomically." },
        new DataCommand("RDB.PUT", -3, Put, NewVersion) { Keys = KeyPlaces.One, Writes = true, InMulti = false, Summary = "Sets a key; answers node, range, index and version." },
        new DataCommand("RDB.DELETE", -2, Delete, Count) { Keys = KeyPlaces.One, Writes = true, InMulti = false, Summary = "Removes a key; answers node, range, index and how many went." },
        new DataCommand("RDB.INCR", -3, Increment, Number) { Keys = KeyPlaces.One, Writes = true, InMulti = false, Summary = "Adds to a number; answers node, range, index, version and the sum." },
        new DataCommand("RDB.DELRANGE", -3, DeleteRange, Counted) { Writes = true, InMulti = false, Summary = "Removes keys of one range from a key up to another; answers node, range, index, how many went, and whether more are left." },
    ];

    private static void Put(CommandRun run, in Request request) => Plan(run, request, 3, Operation.Put(request.Memory(1), request.Memory(2)));

    private static void Delete(CommandRun run, in Request request) => Plan(run, request, 2, Operation.Delete(request.Memory(1)));

    private static void Increment(CommandRun run, in Request request)
    {
        if (Integers.TryParse(request[2], out long by))
        {
            Plan(run, request, 3, Operation.Increment(request.Memory(1), by));
        }
        else
        {
            run.Refuse(RespErrors.NotAnInteger);
        }
    }

    private static void DeleteRange(CommandRun run, in Request request) =>
        Plan(run, request, 3, Operation.DeleteRange(request.Memory(1), request.Memory(2), run.Limits.MaxDeletedKeys));

    /// <summary>One operation with the options IFVERSION n, TTL ms (put), LIMIT n (delete-range), and those of all writes.</summary>
    private static void Plan(CommandRun run, in Request request, int from, Operation operation)
    {
        WriteWords options = default;
        ulong? version = null;
        int i = from;
        while (i < request.Count)
        {
            if (options.TryTake(request, ref i, out string? problem))
            {
                continue;
            }

            if (problem is not null)
            {
                run.Refuse(problem);
                return;
            }

            ReadOnlySpan<byte> word = request[i];
            bool hasValue = i + 1 < request.Count;
            if (hasValue && word.Is("IFVERSION"u8) && operation.Kind != OperationKind.DeleteRange && SessionCommand.TrySequence(request[i + 1], out ulong number))
            {
                version = number;
            }
            else if (hasValue && word.Is("TTL"u8) && operation.Kind == OperationKind.Put && Integers.TryParse(request[i + 1], out long ttl) && ttl > 0)
            {
                operation = operation with { TtlMilliseconds = ttl };
            }
            else if (hasValue && word.Is("LIMIT"u8) && operation.Kind == OperationKind.DeleteRange && Integers.TryParse(request[i + 1], out long limit))
            {
                operation = operation with { Number = limit };
            }
            else
            {
                run.Refuse(RespErrors.Syntax);
                return;
            }

            i += 2;
        }

        if ((options.Problem() ?? Refusal(run, operation, options, version)) is { } wrong)
        {
            run.Refuse(wrong);
            return;
        }

        run.Use(options);
        run.Write(version is { } needed ? [new(ConditionKind.Version, operation.Key, needed, default)] : [], [operation], []);
    }

    private static string? Refusal(CommandRun run, in Operation operation, in WriteWords options, ulong? version)
    {
        if (run.Limits.Validate(operation) is { } error)
        {
            return RespErrors.Text(error);
        }

        if (options.Ack == Replicas.AckMode.Leader && (version is not null || operation.Kind is not (OperationKind.Put or OperationKind.Delete)))
        {
            return "ERR ACK leader is only for unconditional puts and deletes";
        }

        return operation.Kind == OperationKind.DeleteRange && run.RangeOf(operation.Key.Span).End is { } end
            && (operation.End.IsEmpty || operation.End.Span.SequenceCompareTo(end.Span) > 0)
            ? RespErrors.CrossRange
            : null;
    }

    private static void NewVersion(RespWriter writer, in SlotResults results)
    {
        if (!Failed(writer, results))
        {
            Head(writer, results, 4);
            writer.Integer(results.IsCommitted ? (long)results.Operation(0, 0).Version : 0);
        }
    }

    private static void Count(RespWriter writer, in SlotResults results)
    {
        if (!Failed(writer, results))
        {
            Head(writer, results, 4);
            writer.Integer(results.IsCommitted ? results.Operation(0, 0).Count : 0);
        }
    }

    private static void Number(RespWriter writer, in SlotResults results)
    {
        if (!Failed(writer, results))
        {
            OperationResult sum = results.Operation(0, 0);
            Head(writer, results, 5);
            writer.Integer((long)sum.Version);
            bool isNumber = Integers.TryParse(sum.Value.Span, out long number);
            Check.That(isNumber, "an increment gave something that is no number");
            writer.Integer(number);
        }
    }

    private static void Counted(RespWriter writer, in SlotResults results)
    {
        OperationResult gone = results.Operation(0, 0);
        Head(writer, results, 5);
        writer.Integer(gone.Count);
        writer.Integer(gone.More ? 1 : 0);
    }

    private static bool Failed(RespWriter writer, in SlotResults results)
    {
        if (!results.IsCommitted || results.Item(0).FailedCondition is not { } failed)
        {
            return false;
        }

        writer.Error(RespErrors.ConditionFailed(failed));
        return true;
    }

    private static void Head(RespWriter writer, in SlotResults results, int parts)
    {
        writer.Array(parts);
        writer.Integer((long)results.Answer.Node.Value);
        writer.Integer((long)results.Answer.Range.Value);
        writer.Integer((long)results.Index(0));
    }

    /// <summary>node, range, index, term, outcome (1: then, 0: else, -1: not committed yet), version and index of the key whose condition failed, results, and with ACK all the nodes
    /// that have it and those that have not.</summary>
    private static void Transaction(RespWriter writer, in SlotResults results)
    {
        Head(writer, results, 10);
        writer.Integer((long)results.Answer.Position.Term.Value);
        if (!results.IsCommitted)
        {
            writer.Integer(-1);
            writer.Integer(0);
            writer.Integer(0);
            writer.Array(0);
        }
        else
        {
            ItemResult item = results.Item(0);
            writer.Integer(item.Succeeded ? 1 : 0);
            writer.Integer((long)(item.FailedCondition?.Version ?? 0));
            writer.Integer((long)(item.FailedCondition?.Index ?? 0));
            writer.Array(item.Count);
            for (int i = 0; i < item.Count; i++)
            {
                Write(writer, results.Operation(0, i));
            }
        }

        Nodes(writer, results.Answer.Acked);
        Nodes(writer, results.Answer.Absent);
    }

    /// <summary>What was done, version, index, value (null where there is none), count, and whether more is left.</summary>
    private static void Write(RespWriter writer, in OperationResult done)
    {
        writer.Array(6);
        writer.Simple(done.Kind switch
        {
            OperationKind.Put => "put"u8,
            OperationKind.Delete => "delete"u8,
            OperationKind.DeleteRange => "delete_range"u8,
            OperationKind.Increment => "increment"u8,
            _ => "get"u8,
        });
        writer.Integer((long)done.Version);
        writer.Integer((long)done.Index);
        if (done.Kind == OperationKind.Increment || (done.Kind == OperationKind.Get && done.Version > 0))
        {
            writer.Bulk(done.Value.Span);
        }
        else
        {
            writer.Null();
        }

        writer.Integer(done.Count);
        writer.Integer(done.More ? 1 : 0);
    }

    private static void Nodes(RespWriter writer, IReadOnlyList<NodeId>? nodes)
    {
        if (nodes is null)
        {
            writer.NullArray();
            return;
        }

        writer.Array(nodes.Count);
        foreach (NodeId node in nodes)
        {
            writer.Integer((long)node.Value);
        }
    }
}
