using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api;

/// <summary>GET /v1/kv: one page of rows. The router reads one range at a time; the page is put together from as many ranges as it takes.</summary>
internal sealed class ScanEndpoint(IRequestRouter router, ApiOptions options)
{
    public async ValueTask<ErrorCode?> HandleAsync(HttpContext context)
    {
        RequestTarget target = RequestTarget.Of(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        RequestContext request = default;
        ScanQuery query = default;
        if ((QueryArguments.Parse(target.Query, Parameters.Scan, options, out QueryArguments arguments)
            ?? RequestContext.Parse(context.Request.Headers, options, out request)
            ?? ScanBounds.Of(arguments, options, out query)) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        (Page? page, RequestError? error) = await CollectAsync(
            query, request.ReadOptions(arguments), router.DeadlineIn(request.Timeout), context.RequestAborted).ConfigureAwait(false);
        if (page is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        ScanAnswer first = page.Answers[0];
        SessionToken seen = request.Token;
        foreach (ScanAnswer answer in page.Answers)
        {
            seen = seen.With(answer.Range, answer.Index);
        }

        AnswerHeaders.Write(context.Response.Headers, first.Node, first.Range, first.Index, seen);
        AnswerHeaders.WriteStaleness(context.Response.Headers, page.Staleness);

        using JsonAnswer json = JsonAnswer.Rent();
        Write(json.Writer, page, arguments);
        await json.SendAsync(context, StatusCodes.Status200OK, JsonAnswer.Json).ConfigureAwait(false);
        return null;
    }

    private async ValueTask<(Page? Page, RequestError? Error)> CollectAsync(ScanQuery query, ReadOptions read, Deadline deadline, CancellationToken cancel)
    {
        List<ScanAnswer> answers = [];
        while (true)
        {
            (ScanAnswer? answer, RequestError? error) = await router.ScanAsync(query, read, deadline, cancel).ConfigureAwait(false);
            if (answer is null)
            {
                // What was read so far is a page of its own; the error is met again where the next one begins.
                return answers.Any(part => part.Rows.Count > 0) ? (new(answers, Next(answers[^1])), null) : (null, error);
            }

            answers.Add(answer);
            query = query with
            {
                Limit = query.Limit - answer.Rows.Count,
                MaxBytes = query.MaxBytes - answer.Rows.Sum(row => (long)row.Key.Length + row.Value.Length),
            };
            if (Next(answer) is not { } next || query.Limit <= 0 || query.MaxBytes <= 0)
            {
                return (new(answers, Next(answer)), null);
            }

            query = Continue(query, next);
        }
    }

    /// <summary>Where the scan goes on. Nothing lies below the empty key, and no scan goes on from there upwards: empty is as good as null.</summary>
    private static ReadOnlyMemory<byte>? Next(ScanAnswer answer) => answer.Next is { IsEmpty: false } next ? next : default(ReadOnlyMemory<byte>?);

    private static ScanQuery Continue(ScanQuery query, ReadOnlyMemory<byte> next)
    {
        if (query.Reverse)
        {
            Check.That(query.End is not { } end || next.Span.SequenceCompareTo(end.Span) < 0, $"a descending scan goes on at or above its end");
            return query with { End = next };
        }

        Check.That(next.Span.SequenceCompareTo(query.Start.Span) > 0, $"an ascending scan goes on at or below its start");
        return query with { Start = next };
    }

    private static void Write(Utf8JsonWriter writer, Page page, in QueryArguments arguments)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("items"u8);
        foreach (ScanAnswer answer in page.Answers)
        {
            foreach (Row row in answer.Rows)
            {
                Write(writer, row, arguments);
            }
        }

        writer.WriteEndArray();
        writer.WritePropertyName("next"u8);
        if (page.Next is { } next)
        {
            JsonSerializer.Serialize(writer, new BinaryText(next), Documents.Json.BinaryText);
        }
        else
        {
            writer.WriteNullValue();
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, in Row row, in QueryArguments arguments)
    {
        bool base64 = arguments.Base64 || !Utf8.IsValid(row.Key.Span) || (!arguments.KeysOnly && !Utf8.IsValid(row.Value.Span));
        writer.WriteStartObject();
        WriteBytes(writer, "key"u8, row.Key.Span, base64);
        if (!arguments.KeysOnly)
        {
            WriteBytes(writer, "value"u8, row.Value.Span, base64);
        }

        writer.WriteNumber("version"u8, row.Version);
        writer.WriteNumber("index"u8, row.Index);
        if (base64)
        {
            writer.WriteString("encoding"u8, "base64"u8);
        }

        writer.WriteEndObject();
    }

    private static void WriteBytes(Utf8JsonWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> bytes, bool base64)
    {
        if (base64)
        {
            writer.WriteBase64String(name, bytes);
        }
        else
        {
            writer.WriteString(name, bytes);
        }
    }

    private sealed record Page(IReadOnlyList<ScanAnswer> Answers, ReadOnlyMemory<byte>? Next)
    {
        /// <summary>The page is as old as its oldest part, and of unknown age if any part is.</summary>
        public TimeSpan? Staleness => Answers.Any(answer => answer.Staleness is null) ? null : Answers.Max(answer => answer.Staleness);
    }
}
