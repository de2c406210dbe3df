using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Reads the arguments of RDB.TXN: conditions, operations, ELSE, and options, each word with a fixed number of arguments, in any order but that of the operations.
/// One for each connection that uses it, again and again.</summary>
internal sealed class TransactionWords
{
    private readonly List<Condition> _conditions = [];
    private readonly List<Operation> _then = [];
    private readonly List<Operation> _else = [];
    private WriteWords _options;

    /// <summary>Plans the transaction, or refuses it.</summary>
    public void Plan(CommandRun run, in Request request, int from)
    {
        Clear();
        string? problem = Read(request, from) ?? _options.Problem() ?? Check(run);
        if (problem is not null)
        {
            run.Refuse(problem);
            return;
        }

        run.Use(_options);
        run.Write(
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_conditions),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_then),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_else));
    }

    private void Clear()
    {
        _conditions.Clear();
        _then.Clear();
        _else.Clear();
        _options = default;
    }

    private string? Read(in Request request, int from)
    {
        List<Operation> branch = _then;
        int i = from;
        while (i < request.Count)
        {
            if (_options.TryTake(request, ref i, out string? problem))
            {
                continue;
            }

            if (problem is not null)
            {
                return problem;
            }

            ReadOnlySpan<byte> word = request[i];
            if (word.Is("ELSE"u8) && branch == _then)
            {
                branch = _else;
                i++;
            }
            else if (!TryCondition(request, word, ref i) && !TryOperation(request, word, ref i, branch))
            {
                return RespErrors.Syntax;
            }
        }

        return null;
    }

    private bool TryCondition(in Request request, ReadOnlySpan<byte> word, ref int i)
    {
        ConditionKind kind = word.Is("IFVERSION"u8) ? ConditionKind.Version
            : word.Is("IFINDEX"u8) ? ConditionKind.Index
            : word.Is("IFEXISTS"u8) ? ConditionKind.Exists
            : word.Is("IFVALUE"u8) ? ConditionKind.Value
            : 0;
        if (kind == 0 || i + 2 >= request.Count)
        {
            return false;
        }

        if (kind == ConditionKind.Value)
        {
            _conditions.Add(new(kind, request.Memory(i + 1), 0, request.Memory(i + 2)));
        }
        else if (SessionCommand.TrySequence(request[i + 2], out ulong number) && (kind != ConditionKind.Exists || number <= 1))
        {
            _conditions.Add(new(kind, request.Memory(i + 1), number, default));
        }
        else
        {
            return false;
        }

        i += 3;
        return true;
    }

    private static bool TryOperation(in Request request, ReadOnlySpan<byte> word, ref int i, List<Operation> branch)
    {
        int left = request.Count - i - 1;
        long number = 0;
        if (word.Is("PUT"u8) && left >= 3 && Integers.TryParse(request[i + 3], out number))
        {
            branch.Add(Operation.Put(request.Memory(i + 1), request.Memory(i + 2), number));
            i += 4;
        }
        else if (word.Is("DELETE"u8) && left >= 1)
        {
            branch.Add(Operation.Delete(request.Memory(i + 1)));
            i += 2;
        }
        else if (word.Is("GET"u8) && left >= 1)
        {
            branch.Add(Operation.Get(request.Memory(i + 1)));
            i += 2;
        }
        else if (word.Is("INCR"u8) && left >= 2 && Integers.TryParse(request[i + 2], out number))
        {
            branch.Add(Operation.Increment(request.Memory(i + 1), number));
            i += 3;
        }
        else if (word.Is("DELRANGE"u8) && left >= 3 && Integers.TryParse(request[i + 3], out number) && number is >= int.MinValue and <= int.MaxValue)
        {
            branch.Add(Operation.DeleteRange(request.Memory(i + 1), request.Memory(i + 2), (int)number));
            i += 4;
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>What forbids to propose it.</summary>
    private string? Check(CommandRun run)
    {
        if (_then.Count + _else.Count == 0)
        {
            return "ERR a transaction has at least one operation";
        }

        if (_options.Ack == AckMode.Leader && (_conditions.Count + _else.Count > 0 || !_then.TrueForAll(o => o.Kind is OperationKind.Put or OperationKind.Delete)))
        {
            return "ERR ACK leader is only for unconditional puts and deletes";
        }

        RangeDescriptor range = run.RangeOf((_conditions.Count > 0 ? _conditions[0].Key : _then.Count > 0 ? _then[0].Key : _else[0].Key).Span);
        foreach (Condition condition in _conditions)
        {
            if ((Limit(run, Operation.Put(condition.Key, condition.Value)) ?? Place(range, condition.Key)) is { } wrong)
            {
                return wrong;
            }
        }

        return Check(run, range, _then) ?? Check(run, range, _else);
    }

    private static string? Check(CommandRun run, RangeDescriptor range, List<Operation> branch)
    {
        foreach (Operation operation in branch)
        {
            if ((Limit(run, operation) ?? Place(range, operation.Key)) is { } wrong)
            {
                return wrong;
            }

            if (operation.Kind == OperationKind.DeleteRange && range.End is { } end
                && (operation.End.IsEmpty || operation.End.Span.SequenceCompareTo(end.Span) > 0))
            {
                return RespErrors.CrossRange;
            }
        }

        return null;
    }

    private static string? Limit(CommandRun run, in Operation operation) => run.Limits.Validate(operation) is { } error ? RespErrors.Text(error) : null;

    private static string? Place(RangeDescriptor range, ReadOnlyMemory<byte> key) => range.Contains(key.Span) ? null : RespErrors.CrossRange;
}
