using System.Runtime.CompilerServices;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>Takes a run of commands to its ranges, all of them at once, and writes the answers in the order of the commands.</summary>
internal sealed class RunExecutor(RespServices services)
{
    private readonly List<Task> _others = [];

    /// <summary>Asks the ranges. Their answers, or why there are none, are in the groups afterwards.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AskAsync(CommandRun run, ReadOptions options, SeenIndexes seen, CancellationToken cancel)
    {
        Deadline deadline = services.Router.DeadlineIn(
            run.TimeoutMilliseconds == 0 ? services.Options.Timeout : TimeSpan.FromMilliseconds(run.TimeoutMilliseconds));

        // Nearly always there is one range; the others go out beside it.
        for (int i = 1; i < run.Groups; i++)
        {
            _others.Add(AskAsync(run.Group(i), run.IsWriting, options, deadline, cancel).AsTask());
        }

        try
        {
            if (run.Groups > 0)
            {
                await AskAsync(run.Group(0), run.IsWriting, options, deadline, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            // All of them have ended, whatever became of one: the groups are not used any more then.
            await Task.WhenAll(_others).ConfigureAwait(false);
            _others.Clear();
        }

        for (int i = 0; i < run.Groups; i++)
        {
            RangeGroup group = run.Group(i);
            if (group.Error is null && group.Answer is not { Committed: false })
            {
                seen.Saw(group.Range.Id, group.Shown);
            }
        }
    }

    /// <summary>Writes the answers.</summary>
    public async ValueTask AnswerAsync(CommandRun run, RespWriter writer)
    {
        for (int i = 0; i < run.Commands.Count; i++)
        {
            Answer(run, run.Commands[i], writer);
            if (writer.IsLarge)
            {
                await writer.FlushAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Writes the answer of one command.</summary>
    public void Answer(CommandRun run, in Planned planned, RespWriter writer)
    {
        string? error = planned.Refusal ?? Failure(run, planned);
        services.Metrics.Answered(planned.Command, error);
        if (error is not null)
        {
            writer.Error(error);
        }
        else
        {
            planned.Command.Answer(writer, new(run, planned.FirstSlot, planned.Slots));
        }
    }

    private ValueTask AskAsync(RangeGroup group, bool writing, ReadOptions options, Deadline deadline, CancellationToken cancel) =>
        writing ? WriteAsync(group, deadline, cancel) : ReadAsync(group, group.Options ?? options, deadline, cancel);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync(RangeGroup group, Deadline deadline, CancellationToken cancel)
    {
        (WriteAnswer? answer, group.Error) = await services.Router.WriteBatchAsync(group.Range, group.Items, group.Ack, deadline, cancel).ConfigureAwait(false);
        if (answer is not null)
        {
            group.Answer = answer;
            group.Result = answer.Result;
            group.Shown = answer.Position.Index;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReadAsync(RangeGroup group, ReadOptions options, Deadline deadline, CancellationToken cancel)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> keys = group.Keys;
        while (true)
        {
            (GetManyAnswer? answer, group.Error) = await services.Router.GetManyAsync(group.Range, keys, options, deadline, cancel).ConfigureAwait(false);
            if (answer is null)
            {
                return;
            }

            group.Rows.AddRange(answer.Rows);
            group.Shown = answer.Index;
            group.Node = answer.Node;
            group.Staleness = answer.Staleness;
            if (group.Rows.Count == group.Keys.Count)
            {
                return;
            }

            keys = group.Keys.GetRange(group.Rows.Count, group.Keys.Count - group.Rows.Count);
        }
    }

    private static string? Failure(CommandRun run, in Planned planned)
    {
        for (int slot = planned.FirstSlot; slot < planned.FirstSlot + planned.Slots; slot++)
        {
            RangeGroup group = run.GroupOf(slot);
            if (group.Error is { } error)
            {
                return RespErrors.Text(error);
            }

            if (run.IsWriting && group.Result is { } result && RespErrors.Text(result.Items![run.PlaceOf(slot)]) is { } refused)
            {
                return refused;
            }
        }

        return null;
    }
}
