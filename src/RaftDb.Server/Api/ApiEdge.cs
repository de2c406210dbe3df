using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Server.Metrics;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api;

/// <summary>An endpoint's work: answers, and returns the code of the error it answered with, null for success.</summary>
internal delegate ValueTask<ErrorCode?> ApiHandler(HttpContext context);

/// <summary>The one edge where a request's exceptions end, and where it is counted.</summary>
internal sealed class ApiEdge(NodeMetrics metrics, Action<Exception> fail, ILogger logger)
{
    private const string Ok = "ok";
    private const string Canceled = "canceled";

    /// <summary>Runs a handler.</summary>
    public async Task RunAsync(HttpContext context, string kind, ApiHandler handler)
    {
        long started = Stopwatch.GetTimestamp();
        string code;
        try
        {
            ErrorCode? failed = await handler(context).ConfigureAwait(false);
            code = failed is { } error ? Problems.Text(error) : Ok;
        }
        catch (Exception exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: nobody waits for an answer.
            logger.LogDebug(exception, "The client of {Method} {Path} has disconnected.", context.Request.Method, context.Request.Path);
            code = Canceled;
        }
        catch (BadHttpRequestException exception)
        {
            code = await AnswerAsync(context, BadRequest(exception)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "{Method} {Path} failed.", context.Request.Method, context.Request.Path);
            if (exception is InvariantBrokenException)
            {
                fail(exception);
            }

            RequestError error = new(ErrorCode.Internal, "The node failed to answer; its diagnostics say why.");
            code = await AnswerAsync(context, error).ConfigureAwait(false);
        }

        metrics.Request(kind, code, Stopwatch.GetElapsedTime(started));
    }

    private static RequestError BadRequest(BadHttpRequestException exception) =>
        exception.StatusCode == StatusCodes.Status413PayloadTooLarge
            ? Refusal.TooLarge(exception.Message)
            : Refusal.Invalid(exception.Message);

    private static async ValueTask<string> AnswerAsync(HttpContext context, RequestError error)
    {
        if (context.Response.HasStarted)
        {
            // Half an answer is out: only a broken connection tells the client that it is not whole.
            context.Abort();
        }
        else
        {
            context.Response.Clear();
            await Problems.SendAsync(context, error).ConfigureAwait(false);
        }

        return Problems.Text(error.Code);
    }
}
