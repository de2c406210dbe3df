using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>Reads whose answers say where they come from and how old they may be: node, range, applied index and staleness (ms, -1: can't be told) first, always.</summary>
internal static class VersionedReads
{
    private const int DefaultLimit = 1_000;
    private const int MaxLimit = 10_000;
    private const long PageBytes = 1 << 20;

    public static IEnumerable<RespCommand> All =>
    [
        new DataCommand("RDB.READ", -3, Plan, Rows) { InMulti = false, Summary = "Keys of one range in one view, with their versions." },
        new WaitingCommand("RDB.SCAN", -3, ScanAsync) { Summary = "A page of keys in order, with their versions, from one range." },
    ];

    /// <summary>RDB.READ count key ... [options]</summary>
    private static void Plan(CommandRun run, in Request request)
    {
        if (!Integers.TryParse(request[1], out long count) || count < 1 || count > request.Count - 2)
        {
            run.Refuse(RespErrors.Syntax);
            return;
        }

        if (ReadWords.Parse(run.Seen, request, 2 + (int)count, out ReadOptions options, out int timeout) is { } wrong)
        {
            run.Refuse(wrong);
            return;
        }

        RangeDescriptor range = run.RangeOf(request[2]);
        for (int i = 0; i < count; i++)
        {
            if (run.Limits.Validate(Storage.StateMachines.Commands.Operation.Get(request.Memory(2 + i))) is { } error)
            {
                run.Refuse(RespErrors.Text(error));
                return;
            }

            if (!range.Contains(request[2 + i]))
            {
                run.Refuse(RespErrors.CrossRange);
                return;
            }
        }

        run.Within(timeout);
        for (int i = 0; i < count; i++)
        {
            run.Read(request.Memory(2 + i), options);
        }
    }

    private static void Rows(RespWriter writer, in SlotResults results)
    {
        writer.Array(4 + results.Count);
        Head(writer, results.Node, results.Range, results.Shown, results.Staleness);
        for (int i = 0; i < results.Count; i++)
        {
            if (results.Row(i) is not { } row)
            {
                writer.Null();
                continue;
            }

            writer.Array(4);
            writer.Bulk(row.Value.Span);
            writer.Integer((long)row.Version);
            writer.Integer((long)row.Index);
            writer.Integer(row.ExpiresAt == 0 ? -1 : Math.Max(0, row.ExpiresAt - results.LogMilliseconds));
        }
    }

    /// <summary>RDB.SCAN start end [LIMIT n] [REV] [KEYSONLY] [options]: the page, and where the next one begins (or, in reverse, ends).</summary>
    private static async ValueTask ScanAsync(RespSession session, Request request)
    {
        int limit = DefaultLimit;
        bool reverse = false;
        bool keysOnly = false;
        int i = 3;
        for (; i < request.Count; i++)
        {
            if (request[i].Is("REV"u8))
            {
                reverse = true;
            }
            else if (request[i].Is("KEYSONLY"u8))
            {
                keysOnly = true;
            }
            else if (request[i].Is("LIMIT"u8) && i + 1 < request.Count && Integers.TryParse(request[i + 1], out long number) && number is >= 1 and <= MaxLimit)
            {
                limit = (int)number;
                i++;
            }
            else
            {
                break;
            }
        }

        if (ReadWords.Parse(session.Seen, request, i, out ReadOptions options, out int timeout) is { } wrong)
        {
            session.Writer.Error(wrong);
            return;
        }

        IRequestRouter router = session.Services.Router;
        ReadOnlyMemory<byte>? end = request[2].Length == 0 ? (ReadOnlyMemory<byte>?)null : request.Memory(2);
        TimeSpan within = timeout == 0 ? session.Services.Options.Timeout : TimeSpan.FromMilliseconds(timeout);
        (ScanAnswer? page, RequestError? error) = await router.ScanAsync(
            new(request.Memory(1), end, limit, PageBytes, reverse, keysOnly), options, router.DeadlineIn(within), session.Aborted).ConfigureAwait(false);
        if (page is null)
        {
            session.Writer.Error(RespErrors.Text(error!));
            return;
        }

        session.Seen.Saw(page.Range, page.Index);
        await WriteAsync(session.Writer, page).ConfigureAwait(false);
    }

    private static async ValueTask WriteAsync(RespWriter writer, ScanAnswer page)
    {
        writer.Array(5 + page.Rows.Count);
        Head(writer, page.Node, page.Range, page.Index.Value, page.Staleness);
        if (page.Next is { } next)
        {
            writer.Bulk(next.Span);
        }
        else
        {
            writer.Null();
        }

        foreach (Row row in page.Rows)
        {
            writer.Array(4);
            writer.Bulk(row.Key.Span);
            writer.Bulk(row.Value.Span);
            writer.Integer((long)row.Version);
            writer.Integer((long)row.Index);
            if (writer.IsLarge)
            {
                await writer.FlushAsync().ConfigureAwait(false);
            }
        }
    }

    private static void Head(RespWriter writer, NodeId node, RangeId range, ulong index, TimeSpan? staleness)
    {
        writer.Integer((long)node.Value);
        writer.Integer((long)range.Value);
        writer.Integer((long)index);
        writer.Integer(staleness is { } age ? (long)Math.Ceiling(age.TotalMilliseconds) : -1);
    }
}
