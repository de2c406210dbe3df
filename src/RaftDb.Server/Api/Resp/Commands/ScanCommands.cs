using RaftDb.Client.Protocol;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Commands over many keys, in key order and over all ranges.</summary>
internal static class ScanCommands
{
    private const int DefaultCount = 10;
    private const int MaxCount = 10_000;
    private const int DefaultRangeLimit = 1_000;
    private const int PageRows = 1_000;
    private const long PageBytes = 1 << 20;
    private const long MaxRangeBytes = 4 << 20;
    private const long MaxKeysBytes = 32 << 20;

    public static IEnumerable<RespCommand> All =>
    [
        new WaitingCommand("SCAN", -2, ScanAsync) { Summary = "Keys in order, a page at a time." },
        new WaitingCommand("KEYS", 2, KeysAsync) { Summary = "All keys that match a pattern. Reads all keys that begin as the pattern does." },
        new WaitingCommand("DBSIZE", 1, SizeAsync) { Summary = "How many keys there are, as the leaders of the ranges know it." },
        new WaitingCommand("RDB.RANGE", -3, RangeAsync) { Summary = "Keys and values from a key up to, not including, another; empty: unbounded." },
    ];

    private static async ValueTask ScanAsync(RespSession session, Request request)
    {
        if (!Integers.TryParse(request[1], out long cursor) || cursor < 0)
        {
            session.Writer.Error("ERR invalid cursor");
            return;
        }

        if (ScanOptions.Parse(request, out ScanOptions options) is { } wrong)
        {
            session.Writer.Error(wrong);
            return;
        }

        GlobPattern pattern = new(options.Pattern);
        byte[] prefix = pattern.Prefix();
        ReadOnlyMemory<byte> start = prefix;
        if (cursor != 0 && !session.Services.Cursors.TryFind(cursor, out start))
        {
            session.Writer.Error("ERR this cursor is not known: it is of another node, of before a restart, or too old. Begin again with cursor 0.");
            return;
        }

        (ScanAnswer? page, RequestError? error) = await PageAsync(
            session, new(start, KeyBounds.Behind(prefix), Math.Min(options.Count, MaxCount), PageBytes, false, true)).ConfigureAwait(false);
        if (page is null)
        {
            session.Writer.Error(RespErrors.Text(error!));
            return;
        }

        List<ReadOnlyMemory<byte>> keys = [];
        foreach (Row row in page.Rows)
        {
            if (options.IsForStrings && pattern.Matches(row.Key.Span))
            {
                keys.Add(row.Key);
            }
        }

        session.Writer.Array(2);
        session.Writer.Bulk(page.Next is { } next ? session.Services.Cursors.Add(next).ToString(System.Globalization.CultureInfo.InvariantCulture) : "0");
        Write(session.Writer, keys);
    }

    private static async ValueTask KeysAsync(RespSession session, Request request)
    {
        GlobPattern pattern = new(request.Memory(1));
        byte[] prefix = pattern.Prefix();
        List<ReadOnlyMemory<byte>> keys = [];
        long bytes = 0;
        ReadOnlyMemory<byte>? next = prefix;
        while (next is { } start)
        {
            (ScanAnswer? page, RequestError? error) = await PageAsync(
                session, new(start, KeyBounds.Behind(prefix), PageRows, PageBytes, false, true)).ConfigureAwait(false);
            if (page is null)
            {
                session.Writer.Error(RespErrors.Text(error!));
                return;
            }

            foreach (Row row in page.Rows)
            {
                if (pattern.Matches(row.Key.Span))
                {
                    keys.Add(row.Key);
                    bytes += row.Key.Length;
                }
            }

            if (bytes > MaxKeysBytes)
            {
                session.Writer.Error($"TOOLARGE The keys that match have more than {MaxKeysBytes} bytes. Use SCAN.");
                return;
            }

            next = page.Next;
        }

        Write(session.Writer, keys);
    }

    private static async ValueTask SizeAsync(RespSession session, Request request)
    {
        ClusterStatus status = await session.Services.Node.StatusAsync(session.Aborted).ConfigureAwait(false);
        session.Writer.Integer(status.Ranges.Where(range => range.Kind == "kv").Sum(range => range.Keys));
    }

    private static async ValueTask RangeAsync(RespSession session, Request request)
    {
        if (RangeOptions(request, out int limit, out bool reverse) is { } wrong)
        {
            session.Writer.Error(wrong);
            return;
        }

        ReadOnlyMemory<byte>? end = request[2].Length == 0 ? (ReadOnlyMemory<byte>?)null : request.Memory(2);
        ScanQuery query = new(request.Memory(1), end, limit, MaxRangeBytes, reverse, false);
        List<Row> rows = [];
        long bytes = 0;
        while (rows.Count < limit && bytes < MaxRangeBytes && IsOpen(query))
        {
            (ScanAnswer? page, RequestError? error) = await PageAsync(
                session, query with { Limit = limit - rows.Count, MaxBytes = MaxRangeBytes - bytes }).ConfigureAwait(false);
            if (page is null)
            {
                session.Writer.Error(RespErrors.Text(error!));
                return;
            }

            rows.AddRange(page.Rows);
            bytes += page.Rows.Sum(row => (long)row.Key.Length + row.Value.Length);
            if (page.Next is not { } next)
            {
                break;
            }

            query = reverse ? query with { End = next } : query with { Start = next };
        }

        session.Writer.Array(2 * rows.Count);
        foreach (Row row in rows)
        {
            session.Writer.Bulk(row.Key.Span);
            session.Writer.Bulk(row.Value.Span);
        }
    }

    private static bool IsOpen(in ScanQuery query) => query.End is not { } end || query.Start.Span.SequenceCompareTo(end.Span) < 0;

    private static string? RangeOptions(in Request request, out int limit, out bool reverse)
    {
        limit = DefaultRangeLimit;
        reverse = false;
        for (int i = 3; i < request.Count; i++)
        {
            if (request[i].Is("REV"u8))
            {
                reverse = true;
            }
            else if (request[i].Is("LIMIT"u8) && i + 1 < request.Count)
            {
                if (!Integers.TryParse(request[++i], out long number) || number < 1)
                {
                    return RespErrors.NotAnInteger;
                }

                limit = (int)Math.Min(number, MaxCount);
            }
            else
            {
                return RespErrors.Syntax;
            }
        }

        return null;
    }

    private static async ValueTask<Outcome<ScanAnswer>> PageAsync(RespSession session, ScanQuery query)
    {
        RespServices services = session.Services;
        Outcome<ScanAnswer> outcome = await services.Router.ScanAsync(
            query, session.Reads, services.Router.DeadlineIn(services.Options.Timeout), session.Aborted).ConfigureAwait(false);
        if (outcome.Value is { } page)
        {
            session.Seen.Saw(page.Range, page.Index);
        }

        return outcome;
    }

    private static void Write(RespWriter writer, List<ReadOnlyMemory<byte>> keys)
    {
        writer.Array(keys.Count);
        foreach (ReadOnlyMemory<byte> key in keys)
        {
            writer.Bulk(key.Span);
        }
    }

    private readonly record struct ScanOptions(ReadOnlyMemory<byte> Pattern, int Count, bool IsForStrings)
    {
        public static string? Parse(in Request request, out ScanOptions options)
        {
            options = new("*"u8.ToArray(), DefaultCount, true);
            for (int i = 2; i < request.Count; i += 2)
            {
                if (i + 1 == request.Count)
                {
                    return RespErrors.Syntax;
                }

                if (request[i].Is("MATCH"u8))
                {
                    options = options with { Pattern = request.Memory(i + 1) };
                }
                else if (request[i].Is("TYPE"u8))
                {
                    options = options with { IsForStrings = request[i + 1].Is("string"u8) };
                }
                else if (!request[i].Is("COUNT"u8))
                {
                    return RespErrors.Syntax;
                }
                else if (!Integers.TryParse(request[i + 1], out long count))
                {
                    return RespErrors.NotAnInteger;
                }
                else if (count < 1)
                {
                    return RespErrors.Syntax;
                }
                else
                {
                    options = options with { Count = (int)Math.Min(count, MaxCount) };
                }
            }

            return null;
        }
    }
}
