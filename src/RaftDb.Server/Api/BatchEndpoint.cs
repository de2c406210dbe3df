using Microsoft.AspNetCore.Http;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api;

/// <summary>POST /v1/batch: the operations are grouped by range, each group is one write, and the groups go out together. Atomic within a range only.</summary>
internal sealed class BatchEndpoint(IRequestRouter router, ApiOptions options)
{
    public async ValueTask<ErrorCode?> HandleAsync(HttpContext context)
    {
        (JsonBody? body, RequestError? error) = await JsonBody.ReadAsync(context, Parameters.Ack, options).ConfigureAwait(false);
        using JsonBody? owned = body;
        if (body is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        AckMode ack = body.Query.Ack;
        if (BatchParser.Parse(body.Root, ack, options, out List<Operation> operations) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        IReadOnlyList<BatchGroup> groups = BatchGroup.ByRange(operations, router);
        Deadline deadline = router.DeadlineIn(body.Context.Timeout);
        Outcome<WriteAnswer>[] outcomes = await Task.WhenAll(groups.Select(
            group => router.WriteAsync(new([], group.Operations, [], ack, group.In(body.Context.Session)), deadline, context.RequestAborted).AsTask())).ConfigureAwait(false);

        BatchResult[] results = new BatchResult[operations.Count];
        RequestError? first = null;
        int firstAt = int.MaxValue;
        SessionToken seen = body.Context.Token;
        WriteAnswer? shown = null;
        for (int i = 0; i < groups.Count; i++)
        {
            (WriteAnswer? answer, RequestError? failure) = outcomes[i];
            failure ??= WriteOutcome.Rejection(answer!);
            if (failure is not null && groups[i].Ordinals[0] < firstAt)
            {
                (first, firstAt) = (failure, groups[i].Ordinals[0]);
            }

            if (answer is not null)
            {
                shown ??= answer;
                seen = answer.Committed ? seen.With(answer.Range, answer.Position.Index) : seen;
            }

            groups[i].Fill(results, answer, failure);
        }

        if (shown is not null)
        {
            AnswerHeaders.Write(context.Response.Headers, shown.Node, shown.Range, shown.Position.Index, ack == AckMode.Leader ? null : seen);
        }

        if (first is not null)
        {
            return await Problems.SendAsync(context, first, results: results).ConfigureAwait(false);
        }

        await JsonAnswer.SendAsync(context, new BatchDocument(results), Documents.Json.BatchDocument).ConfigureAwait(false);
        return null;
    }
}
