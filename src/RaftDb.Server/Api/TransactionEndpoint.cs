using Microsoft.AspNetCore.Http;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api;

/// <summary>POST /v1/txn.</summary>
internal sealed class TransactionEndpoint(IRequestRouter router, ApiOptions options)
{
    public async ValueTask<ErrorCode?> HandleAsync(HttpContext context)
    {
        (JsonBody? body, RequestError? error) = await JsonBody.ReadAsync(context, Parameters.Ack, options).ConfigureAwait(false);
        using JsonBody? owned = body;
        if (body is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        if (body.Query.Ack == AckMode.Leader)
        {
            return await Problems.SendAsync(
                context, Refusal.Invalid("ack=leader is for unconditional put, delete and batch: what a transaction answers is known only when it is applied."))
                .ConfigureAwait(false);
        }

        if (TransactionParser.Parse(body.Root, body.Query.Ack, options, out WriteRequest? request) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        (WriteAnswer? answer, error) = await router.WriteAsync(
            request! with { Session = body.Context.Session }, router.DeadlineIn(body.Context.Timeout), context.RequestAborted).ConfigureAwait(false);
        if (answer is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        AnswerHeaders.Write(context.Response.Headers, answer.Node, answer.Range, answer.Position.Index, body.Context.Token);
        if (WriteOutcome.Rejection(answer) is { } rejection)
        {
            return await Problems.SendAsync(context, rejection).ConfigureAwait(false);
        }

        await JsonAnswer.SendAsync(context, Document(answer, answer.Result!), Documents.Json.TransactionDocument).ConfigureAwait(false);
        return null;
    }

    private static TransactionDocument Document(WriteAnswer answer, CommandResult result)
    {
        OperationResultDocument[] results = new OperationResultDocument[result.Results.Count];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = Document(result.Results[i]);
        }

        return new(result.Succeeded, answer.Range.Value, answer.Position.Index.Value, results)
        {
            Acked = WriteOutcome.Numbers(answer.Acked),
            Absent = WriteOutcome.Numbers(answer.Absent),
        };
    }

    private static OperationResultDocument Document(in OperationResult done) => done.Kind switch
    {
        OperationKind.Put => new() { Op = "put", Version = done.Version, Index = done.Index },
        OperationKind.Delete => new() { Op = "delete", Deleted = done.Count > 0, Index = done.Index },
        OperationKind.DeleteRange => new() { Op = "delete_range", Count = (int)done.Count, More = done.More, Index = done.Index },
        OperationKind.Increment => new() { Op = "increment", Value = new BinaryText(done.Value), Version = done.Version, Index = done.Index },
        OperationKind.Get => new()
        {
            Op = "get",
            Found = done.Version > 0,
            Value = done.Version > 0 ? new BinaryText(done.Value) : null,
            Version = done.Version,
            Index = done.Index,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(done), done.Kind, "An operation without a document."),
    };
}
