using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL].</summary>
internal static class SetCommand
{
    public static void Plan(CommandRun run, in Request request)
    {
        if (Options(request, out SetOptions options) is { } wrong)
        {
            run.Refuse(wrong);
            return;
        }

        ReadOnlyMemory<byte> key = request.Memory(1);
        Operation put = options.KeepTtl
            ? Operation.Overwrite(key, request.Memory(2))
            : Operation.Put(key, request.Memory(2), options.TtlMilliseconds);
        if (run.Limits.Validate(put) is { } error)
        {
            run.Refuse(RespErrors.Text(error));
            return;
        }

        Condition condition = new(ConditionKind.Exists, key, options.IfPresent ? 1u : 0u, default);
        bool conditional = options.IfPresent || options.IfAbsent;
        if (!options.Get)
        {
            run.Write(conditional ? [condition] : [], [put], []);
        }
        else
        {
            Operation get = Operation.Get(key);
            run.Write(conditional ? [condition] : [], [get, put], conditional ? [get] : []);
        }
    }

    /// <summary>The value before, where that was read; else whether the value was set.</summary>
    public static void Answer(RespWriter writer, in SlotResults results)
    {
        ItemResult item = results.Item(0);
        if (item.Count > 0 && results.Operation(0, 0) is { Kind: OperationKind.Get } before)
        {
            if (before.Version == 0)
            {
                writer.Null();
            }
            else
            {
                writer.Bulk(before.Value.Span);
            }
        }
        else if (item.Succeeded)
        {
            writer.Ok();
        }
        else
        {
            writer.Null();
        }
    }

    private static string? Options(in Request request, out SetOptions options)
    {
        options = default;
        for (int i = 3; i < request.Count; i++)
        {
            ReadOnlySpan<byte> word = request[i];
            bool hasTtl = options.KeepTtl || options.TtlMilliseconds != 0;
            if (word.Is("NX"u8) && !options.IfPresent)
            {
                options.IfAbsent = true;
            }
            else if (word.Is("XX"u8) && !options.IfAbsent)
            {
                options.IfPresent = true;
            }
            else if (word.Is("GET"u8))
            {
                options.Get = true;
            }
            else if (word.Is("KEEPTTL"u8) && options.TtlMilliseconds == 0)
            {
                options.KeepTtl = true;
            }
            else if ((word.Is("EX"u8) || word.Is("PX"u8)) && !hasTtl && i + 1 < request.Count)
            {
                if (!Integers.TryParse(request[++i], out long number))
                {
                    return RespErrors.NotAnInteger;
                }

                if (!Ttl.TryMilliseconds(number, word.Is("EX"u8) ? 1000 : 1, out options.TtlMilliseconds))
                {
                    return "ERR invalid expire time in 'set' command";
                }
            }
            else
            {
                return RespErrors.Syntax;
            }
        }

        return null;
    }

    private struct SetOptions
    {
        public bool IfAbsent;
        public bool IfPresent;
        public bool Get;
        public bool KeepTtl;
        public long TtlMilliseconds;
    }
}
