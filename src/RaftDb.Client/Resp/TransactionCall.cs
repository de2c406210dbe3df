using RaftDb.Client.Protocol;
using RaftDb.Client.Routing;
using RaftDb.Client.Sessions;

namespace RaftDb.Client.Resp;

/// <summary>A write of any kind: conditions and operations of one range.</summary>
internal sealed class TransactionCall(string name, IReadOnlyList<Comparison>? compare, IReadOnlyList<OperationDocument> then, IReadOnlyList<OperationDocument>? otherwise) : RespOperation
{
    public override string Name => name;

    public override bool Writes => true;

    /// <summary>quorum, all or leader; null = quorum.</summary>
    public string? Ack { get; init; }

    public override RangeRoute RangeIn(RouteMap map) => map.Of(FirstKey().Span);

    public override ulong Preferred(RangeRoute range) => range.Leader;

    public override RespRequest Encode(RangeRoute range, int timeoutMilliseconds)
    {
        RespRequest request = new("RDB.TXN"u8, Size());
        foreach (Comparison comparison in compare ?? [])
        {
            Add(request, comparison);
        }

        Add(request, then);
        if (otherwise is { Count: > 0 })
        {
            request.Add("ELSE"u8);
            Add(request, otherwise);
        }

        if (Ticket is { } ticket)
        {
            RangeSession session = ticket.Session;
            request.Add("SESSION"u8).Add(session.Id).Add("SEQUENCE"u8).Add((long)ticket.Sequence).Add("ACKNOWLEDGED"u8).Add((long)session.Acknowledged);
        }

        if (Ack is { } ack and not "quorum")
        {
            request.Add("ACK"u8).Add(ack);
        }

        return request.Add("TIMEOUT"u8).Add(timeoutMilliseconds).Finish();
    }

    private static void Add(RespRequest request, Comparison comparison)
    {
        ReadOnlySpan<byte> key = comparison.Key.Bytes.Span;
        if (comparison.Version is { } version)
        {
            request.Add("IFVERSION"u8).Add(key).Add((long)version);
        }
        else if (comparison.Index is { } index)
        {
            request.Add("IFINDEX"u8).Add(key).Add((long)index);
        }
        else if (comparison.Value is { } value)
        {
            request.Add("IFVALUE"u8).Add(key).Add(value.Bytes.Span);
        }
        else
        {
            request.Add("IFEXISTS"u8).Add(key).Add(comparison.Exists == false ? 0 : 1);
        }
    }

    private static void Add(RespRequest request, IReadOnlyList<OperationDocument> operations)
    {
        for (int i = 0; i < operations.Count; i++)
        {
            OperationDocument operation = operations[i];
            if (operation.Put is { } put)
            {
                long ttl = put.Ttl is { } text && Durations.TryParse(text, out TimeSpan duration) ? (long)duration.TotalMilliseconds : 0;
                request.Add("PUT"u8).Add(put.Key.Bytes.Span).Add(put.Value.Bytes.Span).Add(ttl);
            }
            else if (operation.Delete is { } delete)
            {
                request.Add("DELETE"u8).Add(delete.Key.Bytes.Span);
            }
            else if (operation.Get is { } get)
            {
                request.Add("GET"u8).Add(get.Key.Bytes.Span);
            }
            else if (operation.Increment is { } increment)
            {
                request.Add("INCR"u8).Add(increment.Key.Bytes.Span).Add(increment.By);
            }
            else if (operation.DeleteRange is { } range)
            {
                request.Add("DELRANGE"u8).Add((range.Start?.Bytes ?? default).Span).Add((range.End?.Bytes ?? default).Span).Add(range.Limit ?? 1000);
            }
        }
    }

    private ReadOnlyMemory<byte> FirstKey() =>
        compare is { Count: > 0 } ? compare[0].Key.Bytes : then.Count > 0 ? KeyOf(then[0]) : otherwise is { Count: > 0 } ? KeyOf(otherwise[0]) : default;

    /// <summary>The key that decides on an operation's range.</summary>
    public static ReadOnlyMemory<byte> KeyOf(OperationDocument operation) =>
        (operation.Put?.Key ?? operation.Delete?.Key ?? operation.Get?.Key ?? operation.Increment?.Key ?? operation.DeleteRange?.Start ?? default).Bytes;

    private int Size()
    {
        int size = 128;
        for (int i = 0; i < then.Count; i++)
        {
            size += 64 + KeyOf(then[i]).Length + (then[i].Put?.Value.Bytes.Length ?? 0);
        }

        return size;
    }
}
