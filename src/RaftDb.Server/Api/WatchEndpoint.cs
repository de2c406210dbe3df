using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Watches;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api;

/// <summary>GET /v1/watch: the changes of all ranges between two keys, as server-sent events.</summary>
internal sealed class WatchEndpoint(IRequestRouter router, IRangeWatches watches, ApiOptions options)
{
    public const string EventStream = "text/event-stream";

    public async ValueTask<ErrorCode?> HandleAsync(HttpContext context)
    {
        RequestContext request = default;
        ScanQuery bounds = default;
        if ((QueryArguments.Parse(
                RequestTarget.Of(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget).Query, Parameters.Watch, options, out QueryArguments query)
            ?? RequestContext.Parse(context.Request.Headers, options, out request)
            ?? ScanBounds.Of(query, options, out bounds)) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        // What a browser sends when it connects again counts more than what it sent at first.
        string from = context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : query.From ?? "";
        if (!WatchToken.TryParse(from, out Dictionary<RangeId, WatchPosition>? known))
        {
            return await Problems.SendAsync(context, Refusal.Invalid("from is no token: pass on the id of an event, or leave it out.")).ConfigureAwait(false);
        }

        IReadOnlyList<RangeId> ranges = watches.Overlapping(bounds.Start, bounds.End);
        (WatchedRange[]? watched, RequestError? error) = await BeginAsync(ranges, known, bounds, router.DeadlineIn(request.Timeout), context.RequestAborted).ConfigureAwait(false);
        if (watched is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        context.Response.ContentType = EventStream;
        context.Response.Headers.CacheControl = "no-store";
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        WatchStream stream = new(watches, router, watched, context.Response.BodyWriter);
        RequestError? end;
        try
        {
            end = await stream.RunAsync(ends.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            end = new(ErrorCode.Unavailable, "The node stops. Watch on at another one.");
        }

        await stream.WriteEndAsync(end, context.RequestAborted).ConfigureAwait(false);
        return end.Code;
    }

    /// <summary>Sees to it that changes are kept from here on, and that those before, which a token asks for, still are.</summary>
    private async ValueTask<(WatchedRange[]? Watched, RequestError? Error)> BeginAsync(
        IReadOnlyList<RangeId> ranges, Dictionary<RangeId, WatchPosition> known, ScanQuery bounds, Deadline deadline, CancellationToken cancel)
    {
        Outcome<WriteAnswer>[] kept = await Task.WhenAll(ranges.Select(range => watches.KeepAsync(range, deadline, cancel).AsTask())).ConfigureAwait(false);
        WatchedRange[] watched = new WatchedRange[ranges.Count];
        for (int i = 0; i < watched.Length; i++)
        {
            if (kept[i].Value is not { } answer)
            {
                return (null, kept[i].Error);
            }

            WatchPosition position = known.TryGetValue(ranges[i], out WatchPosition seen) ? seen : new(answer.Position.Index);
            watched[i] = new(ranges[i], position, bounds.Start, bounds.End);
            Outcome<ChangePage> page = await watches.ReadAsync(ranges[i], watched[i].Query(0)).ConfigureAwait(false);
            if (page.Error is { } error)
            {
                return (null, error);
            }
        }

        return (watched, null);
    }
}
