using RaftDb.Client.Routing;

namespace RaftDb.Client.Resp;

/// <summary>Reads keys of one range in one view.</summary>
internal sealed class ReadCall(string name, IReadOnlyList<Bytes> keys, ReadOptions? options, TokenKeeper tokens) : RespOperation
{
    public override string Name => name;

    public override bool Writes => false;

    public override bool IsPinned => ReadWords.IsNode(options);

    public override RangeRoute RangeIn(RouteMap map) => map.Of(keys[0].Memory.Span);

    public override ulong Preferred(RangeRoute range) => Choose(range, options);

    public override RespRequest Encode(RangeRoute range, int timeoutMilliseconds)
    {
        RespRequest request = new RespRequest("RDB.READ"u8, keys.Sum(key => key.Memory.Length + 16)).Add(keys.Count);
        foreach (Bytes key in keys)
        {
            request.Add(key.Memory.Span);
        }

        ReadWords.Add(request, options, range, tokens);
        return request.Add("TIMEOUT"u8).Add(timeoutMilliseconds).Finish();
    }
}

/// <summary>Reads a page of one range.</summary>
internal sealed class ScanCall(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end, int limit, ScanOptions scan, TokenKeeper tokens) : RespOperation
{
    public override string Name => "SCAN";

    public override bool Writes => false;

    public override bool IsPinned => ReadWords.IsNode(scan.Read);

    public override RangeRoute RangeIn(RouteMap map) => scan.Reverse ? map.Before(end) : map.Of(start.Span);

    public override ulong Preferred(RangeRoute range) => Choose(range, scan.Read);

    public override RespRequest Encode(RangeRoute range, int timeoutMilliseconds)
    {
        RespRequest request = new RespRequest("RDB.SCAN"u8, 64).Add(start.Span).Add((end ?? default).Span).Add("LIMIT"u8).Add(limit);
        if (scan.Reverse)
        {
            request.Add("REV"u8);
        }

        if (scan.KeysOnly)
        {
            request.Add("KEYSONLY"u8);
        }

        ReadWords.Add(request, scan.Read, range, tokens);
        return request.Add("TIMEOUT"u8).Add(timeoutMilliseconds).Finish();
    }
}

/// <summary>The options of a read as words.</summary>
internal static class ReadWords
{
    public static bool IsNode(ReadOptions? options) => ulong.TryParse(options?.Replica, out _);

    public static void Add(RespRequest request, ReadOptions? options, RangeRoute range, TokenKeeper tokens)
    {
        switch (options?.Consistency)
        {
            case "bounded":
                double staleness = Math.Max(0, (options.MaxStaleness ?? throw new ArgumentException("A bounded read needs MaxStaleness.")).TotalMilliseconds);
                request.Add("BOUNDED"u8).Add((long)Math.Ceiling(staleness));
                break;
            case "session":
                request.Add("SESSION"u8).Add("TOKEN"u8).Add(options.Token ?? tokens.TextFor(range.Id));
                break;
            case "eventual":
                request.Add("EVENTUAL"u8);
                break;
            case null or "linearizable":
                break;
            case { } other:
                throw new RaftDbException(RaftDbErrorCodes.InvalidArgument, $"There is no consistency '{other}': linearizable, bounded, session or eventual.");
        }

        if (options?.Replica is { } replica and not "any")
        {
            request.Add("REPLICA"u8).Add(replica);
        }
    }
}

/// <summary>Takes unique ids.</summary>
internal sealed class IdsCall(int count) : RespOperation
{
    public override string Name => "IDS";

    public override bool Writes => false;

    public override RangeRoute RangeIn(RouteMap map) => map.Ranges[0];

    public override ulong Preferred(RangeRoute range) => range.Leader;

    public override RespRequest Encode(RangeRoute range, int timeoutMilliseconds) => new RespRequest("RDB.ID"u8, 32).Add(count).Finish();
}
