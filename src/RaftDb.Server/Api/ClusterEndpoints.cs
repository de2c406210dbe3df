using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Storage;

namespace RaftDb.Server.Api;

/// <summary>What the node shows of itself and of the cluster, and the moving of leaders.</summary>
internal sealed class ClusterEndpoints(ApiServices services)
{
    private const int BackupChunkBytes = 64 << 10;
    private static readonly RequestError NotARange = Refusal.Invalid("A range is named by its number, 1 or more.");

    public async ValueTask<ErrorCode?> StatusAsync(HttpContext context) =>
        await AnswerAsync(context, await services.Node.StatusAsync(context.RequestAborted).ConfigureAwait(false), Documents.Json.ClusterStatus)
            .ConfigureAwait(false);

    public async ValueTask<ErrorCode?> NodesAsync(HttpContext context)
    {
        ClusterStatus status = await services.Node.StatusAsync(context.RequestAborted).ConfigureAwait(false);
        return await AnswerAsync(context, new NodeList(status.Nodes), Documents.Json.NodeList).ConfigureAwait(false);
    }

    public async ValueTask<ErrorCode?> RangesAsync(HttpContext context)
    {
        ClusterStatus status = await services.Node.StatusAsync(context.RequestAborted).ConfigureAwait(false);
        return await AnswerAsync(context, new RangeList(status.Ranges), Documents.Json.RangeList).ConfigureAwait(false);
    }

    /// <summary>GET /v1/ranges/{id}/digest: of this node's own replica, to be compared with others' at the same index.</summary>
    public async ValueTask<ErrorCode?> DigestAsync(HttpContext context)
    {
        if (!TryRange(context, out RangeId range))
        {
            return await Problems.SendAsync(context, NotARange).ConfigureAwait(false);
        }

        (StateDigestAnswer? answer, RequestError? error) = await services.Node.DigestAsync(range, context.RequestAborted).ConfigureAwait(false);
        if (answer is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        DigestDocument document = new(
            answer.Range.Value, answer.Node.Value, answer.Digest.Applied.Index.Value, answer.Digest.Applied.Term.Value, answer.Digest.Hash, answer.Digest.Keys);
        return await AnswerAsync(context, document, Documents.Json.DigestDocument).ConfigureAwait(false);
    }

    /// <summary>GET /v1/ranges/{id}/backup: a line of JSON, then the data.</summary>
    public async ValueTask<ErrorCode?> BackupAsync(HttpContext context)
    {
        if (!TryRange(context, out RangeId range))
        {
            return await Problems.SendAsync(context, NotARange).ConfigureAwait(false);
        }

        (RangeBackup? backup, RequestError? error) = await services.Node.BackupAsync(range, context.RequestAborted).ConfigureAwait(false);
        if (backup is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        using (backup)
        {
            context.Response.ContentType = "application/octet-stream";
            context.Response.ContentLength = backup.Line.Length + backup.Length;
            PipeWriter body = context.Response.BodyWriter;
            await body.WriteAsync(backup.Line, context.RequestAborted).ConfigureAwait(false);
            int read;
            for (long offset = 0; offset < backup.Length; offset += read)
            {
                read = backup.Read(body.GetSpan(BackupChunkBytes), offset);
                Check.That(read > 0, $"the copy of range {range} ended at byte {offset} of {backup.Length}");
                body.Advance(read);
                await body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            }
        }

        return null;
    }

    /// <summary>POST /v1/check: compares replicas, which takes as long as reading them does.</summary>
    public async ValueTask<ErrorCode?> CheckAsync(HttpContext context)
    {
        (JsonBody? body, RequestError? error) = await JsonBody.ReadAsync(context, Parameters.None, services.Options).ConfigureAwait(false);
        using JsonBody? owned = body;
        if (body is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        ulong range = 0;
        bool isAll = body.Root.ValueKind == JsonValueKind.Object && body.Root.GetPropertyCount() == 0;
        bool isNull = body.Root.ValueKind == JsonValueKind.Object && body.Root.GetPropertyCount() == 1
            && body.Root.TryGetProperty("range"u8, out JsonElement none) && none.ValueKind == JsonValueKind.Null;
        bool isOne = body.Root.ValueKind == JsonValueKind.Object && body.Root.GetPropertyCount() == 1
            && body.Root.TryGetProperty("range"u8, out JsonElement one) && one.ValueKind == JsonValueKind.Number && one.TryGetUInt64(out range) && range > 0;
        if (!isAll && !isNull && !isOne)
        {
            return await Problems.SendAsync(context, Refusal.Invalid("The body must be {} for all ranges, or {\"range\":ID}.")).ConfigureAwait(false);
        }

        (CheckDocument? document, error) = await services.Node.CheckAsync(isOne ? new RangeId(range) : null, context.RequestAborted).ConfigureAwait(false);
        return document is null
            ? await Problems.SendAsync(context, error!).ConfigureAwait(false)
            : await AnswerAsync(context, document, Documents.Json.CheckDocument).ConfigureAwait(false);
    }

    /// <summary>POST /v1/ranges/{id}/transfer.</summary>
    public async ValueTask<ErrorCode?> TransferAsync(HttpContext context)
    {
        if (!TryRange(context, out RangeId range))
        {
            return await Problems.SendAsync(context, NotARange).ConfigureAwait(false);
        }

        (JsonBody? body, RequestError? error) = await JsonBody.ReadAsync(context, Parameters.None, services.Options).ConfigureAwait(false);
        using JsonBody? owned = body;
        if (body is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        ulong to = 0;
        if (body.Root.ValueKind != JsonValueKind.Object
            || body.Root.GetPropertyCount() != 1
            || !body.Root.TryGetProperty("to"u8, out JsonElement node)
            || node.ValueKind != JsonValueKind.Number
            || !node.TryGetUInt64(out to)
            || to == 0)
        {
            return await Problems.SendAsync(context, Refusal.Invalid("The body must be {\"to\":NODE} with a node's number.")).ConfigureAwait(false);
        }

        error = await services.Router.TransferAsync(
            range, new NodeId(to), services.Router.DeadlineIn(body.Context.Timeout), context.RequestAborted).ConfigureAwait(false);
        return error is not null
            ? await Problems.SendAsync(context, error).ConfigureAwait(false)
            : await AnswerAsync(context, new TransferDocument(range.Value, to), Documents.Json.TransferDocument).ConfigureAwait(false);
    }

    /// <summary>POST /v1/ranges/{id}/move.</summary>
    public async ValueTask<ErrorCode?> MoveAsync(HttpContext context)
    {
        if (!TryRange(context, out RangeId range))
        {
            return await Problems.SendAsync(context, NotARange).ConfigureAwait(false);
        }

        (JsonBody? body, RequestError? error) = await JsonBody.ReadAsync(context, Parameters.None, services.Options).ConfigureAwait(false);
        using JsonBody? owned = body;
        if (body is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        if (body.Root.ValueKind != JsonValueKind.Object || body.Root.GetPropertyCount() != 2 || !TryNode(body.Root, "from"u8, out NodeId from) || !TryNode(body.Root, "to"u8, out NodeId to))
        {
            return await Problems.SendAsync(context, Refusal.Invalid("The body must be {\"from\":NODE,\"to\":NODE} with nodes' numbers.")).ConfigureAwait(false);
        }

        error = await services.Node.MoveAsync(range, from, to, body.Context.Timeout, context.RequestAborted).ConfigureAwait(false);
        return error is not null
            ? await Problems.SendAsync(context, error).ConfigureAwait(false)
            : await AnswerAsync(context, new MoveDocument(range.Value, from.Value, to.Value), Documents.Json.MoveDocument).ConfigureAwait(false);
    }

    private static bool TryNode(JsonElement root, ReadOnlySpan<byte> name, out NodeId node)
    {
        ulong number = 0;
        bool isNode = root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out number) && number > 0;
        node = new(number);
        return isNode;
    }

    /// <summary>The process answers.</summary>
    public ValueTask<ErrorCode?> LiveAsync(HttpContext context) => TextAsync(context, StatusCodes.Status200OK, "text/plain; charset=utf-8", "live\n");

    /// <summary>The node can serve.</summary>
    public ValueTask<ErrorCode?> ReadyAsync(HttpContext context) =>
        services.Node.WhyNotReady() is { } why
            ? TextAsync(context, StatusCodes.Status503ServiceUnavailable, "text/plain; charset=utf-8", why + "\n")
            : TextAsync(context, StatusCodes.Status200OK, "text/plain; charset=utf-8", "ready\n");

    /// <summary>The instruments, as Prometheus reads them.</summary>
    public ValueTask<ErrorCode?> MetricsAsync(HttpContext context) =>
        TextAsync(context, StatusCodes.Status200OK, "text/plain; version=0.0.4; charset=utf-8", services.Metrics.Render());

    private static bool TryRange(HttpContext context, out RangeId range)
    {
        bool isNumber = ulong.TryParse(context.GetRouteValue("id") as string, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
        range = new(number);
        return isNumber && number > 0;
    }

    private static async ValueTask<ErrorCode?> AnswerAsync<T>(HttpContext context, T document, JsonTypeInfo<T> type)
    {
        await JsonAnswer.SendAsync(context, document, type).ConfigureAwait(false);
        return null;
    }

    private static async ValueTask<ErrorCode?> TextAsync(HttpContext context, int status, string contentType, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.BodyWriter.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
        return null;
    }
}
