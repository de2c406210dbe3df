using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api;

/// <summary>GET, PUT and DELETE of /v1/kv/{key}: the hot path. No routing, no model binding.</summary>
internal sealed class KeyEndpoint(IRequestRouter router, ApiOptions options)
{
    /// <summary>The methods, as Allow says them.</summary>
    public const string Methods = "GET, PUT, DELETE";

    private const int WholeWriteBytes = 64 << 10;

    /// <summary>Reads a key: its bytes are the body.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ErrorCode?> GetAsync(HttpContext context)
    {
        if (KeyRequest.Parse(context, Parameters.Read, options, out KeyRequest request) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        (GetAnswer? answer, RequestError? error) = await router.GetAsync(
            request.Key, request.Context.ReadOptions(request.Query), router.DeadlineIn(request.Context.Timeout), context.RequestAborted).ConfigureAwait(false);
        if (answer is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        HttpResponse response = context.Response;
        AnswerHeaders.Write(response.Headers, answer.Node, answer.Range, answer.Index, request.Context.Token);
        AnswerHeaders.WriteStaleness(response.Headers, answer.Staleness);
        AnswerHeaders.WriteRow(response.Headers, answer.Row);
        if (answer.Row is not { } row)
        {
            return await Problems.SendAsync(context, new(ErrorCode.NotFound, "The key is absent.")).ConfigureAwait(false);
        }

        response.ContentType = "application/octet-stream";
        response.ContentLength = row.Value.Length;
        for (int sent = 0; sent < row.Value.Length; sent += WholeWriteBytes)
        {
            await response.BodyWriter.WriteAsync(
                row.Value.Slice(sent, Math.Min(WholeWriteBytes, row.Value.Length - sent)), context.RequestAborted).ConfigureAwait(false);
        }

        return null;
    }

    /// <summary>Writes a key: the body is its value.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ErrorCode?> PutAsync(HttpContext context)
    {
        Condition[] conditions = [];
        if ((KeyRequest.Parse(context, Parameters.Ack | Parameters.Ttl, options, out KeyRequest request)
            ?? KeyConditions.Parse(context.Request.Headers, request, out conditions)) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        (byte[]? value, RequestError? tooLarge) = await RequestBody.ReadAsync(context, options.MaxValueBytes, "The value").ConfigureAwait(false);
        if (value is null)
        {
            return await Problems.SendAsync(context, tooLarge!).ConfigureAwait(false);
        }

        return await WriteAsync(context, request, conditions, Operation.Put(request.Key, value, request.Query.TtlMilliseconds)).ConfigureAwait(false);
    }

    /// <summary>Removes a key.</summary>
    public async ValueTask<ErrorCode?> DeleteAsync(HttpContext context)
    {
        Condition[] conditions = [];
        if ((KeyRequest.Parse(context, Parameters.Ack, options, out KeyRequest request)
            ?? KeyConditions.Parse(context.Request.Headers, request, out conditions)) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        return await WriteAsync(context, request, conditions, Operation.Delete(request.Key)).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ErrorCode?> WriteAsync(HttpContext context, KeyRequest request, Condition[] conditions, Operation operation)
    {
        (WriteAnswer? answer, RequestError? error) = await router.WriteAsync(
            new(conditions, [operation], [], request.Query.Ack, request.Context.Session), router.DeadlineIn(request.Context.Timeout), context.RequestAborted).ConfigureAwait(false);
        if (answer is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        AnswerHeaders.Write(
            context.Response.Headers, answer.Node, answer.Range, answer.Position.Index, answer.Committed ? request.Context.Token : null);
        if (WriteOutcome.Failure(answer) is { } failure)
        {
            return await Problems.SendAsync(context, failure).ConfigureAwait(false);
        }

        using JsonAnswer json = JsonAnswer.Rent();
        WriteOutcome.Write(json.Writer, operation.Kind, answer, out ulong? version);
        if (version is { } current)
        {
            context.Response.Headers.ETag = $"\"{current}\"";
        }

        await json.SendAsync(context, StatusCodes.Status200OK, JsonAnswer.Json).ConfigureAwait(false);
        return null;
    }
}
