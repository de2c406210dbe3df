using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api;

/// <summary>DELETE /v1/kv: removes keys between bounds, so many at most, one range after the other in key order. Atomic within a range and request only.</summary>
internal sealed class DeleteRangeEndpoint(IRequestRouter router, ApiOptions options)
{
    private const Parameters Bounds = Parameters.Start | Parameters.End | Parameters.Prefix;

    public async ValueTask<ErrorCode?> HandleAsync(HttpContext context)
    {
        RequestTarget target = RequestTarget.Of(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        RequestContext request = default;
        ScanQuery query = default;
        if ((QueryArguments.Parse(target.Query, Bounds | Parameters.Limit, options, out QueryArguments arguments)
            ?? RequestContext.Parse(context.Request.Headers, options, out request)
            ?? Unbounded(arguments)
            ?? ScanBounds.Of(arguments, options, out query)) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        Deadline deadline = router.DeadlineIn(request.Timeout);
        ReadOnlyMemory<byte>? start = query.Start;
        SessionToken seen = request.Token;
        WriteAnswer? last = null;
        long deleted = 0;
        bool more = false;
        for (uint part = 0; start is { } from && !more; part++)
        {
            RangeDescriptor range = router.RangeOf(from.Span);
            ReadOnlyMemory<byte>? end = Lower(query.End, range.End);
            Operation operation = Operation.DeleteRange(from, end ?? default, query.Limit - (int)deleted);

            // In a session a repetition walks the same way: each part's first answer tells how the next one began.
            SessionWrite? session = request.Session is { } write ? write with { Part = part } : null;
            (WriteAnswer? answer, RequestError? error) = await router.WriteAsync(new([], [operation], [], AckMode.Quorum, session), deadline, context.RequestAborted).ConfigureAwait(false);
            error ??= WriteOutcome.Rejection(answer!);
            if (error is not null)
            {
                return await Problems.SendAsync(context, error).ConfigureAwait(false);
            }

            last = answer;
            seen = seen.With(answer!.Range, answer.Position.Index);
            OperationResult done = answer.Result!.Results[0];
            deleted += done.Count;
            start = range.End is { } border && (query.End is not { } bound || border.Span.SequenceCompareTo(bound.Span) < 0) ? border : default(ReadOnlyMemory<byte>?);
            more = done.More || (deleted >= query.Limit && start is not null);
        }

        AnswerHeaders.Write(context.Response.Headers, last!.Node, last.Range, last.Position.Index, seen);
        await JsonAnswer.SendAsync(context, new DeleteRangeDocument(deleted, more), Documents.Json.DeleteRangeDocument).ConfigureAwait(false);
        return null;
    }

    /// <summary>Everything goes only when it is asked for by name.</summary>
    private static RequestError? Unbounded(in QueryArguments arguments) => (arguments.Given & Bounds) == 0
        ? Refusal.Invalid("Give start, end or prefix. An empty prefix is every key there is.")
        : null;

    private static ReadOnlyMemory<byte>? Lower(ReadOnlyMemory<byte>? end, ReadOnlyMemory<byte>? border) =>
        end is { } asked && (border is not { } edge || asked.Span.SequenceCompareTo(edge.Span) < 0) ? asked : border;
}
