using System.Runtime.CompilerServices;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>Takes a run of commands to its ranges, all of them at once, and writes the answers in the order of the commands.</summary>
internal sealed class RunExecutor(IRequestRouter router, TimeSpan timeout)
{
    private readonly List<Task> _others = [];

    /// <summary>Asks the ranges. Their answers, or why there are none, are in the groups afterwards.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AskAsync(CommandRun run, ReadOptions options, CancellationToken cancel)
    {
        Deadline deadline = router.DeadlineIn(timeout);

        // Nearly always there is one range; the others go out beside it.
        for (int i = 1; i < run.Groups; i++)
        {
            _others.Add(AskAsync(run.Group(i), run.IsWriting, options, deadline, cancel).AsTask());
        }

        if (run.Groups > 0)
        {
            await AskAsync(run.Group(0), run.IsWriting, options, deadline, cancel).ConfigureAwait(false);
        }

        foreach (Task other in _others)
        {
            await other.ConfigureAwait(false);
        }

        _others.Clear();
    }

    private ValueTask AskAsync(RangeGroup group, bool writing, ReadOptions options, Deadline deadline, CancellationToken cancel) =>
        writing ? WriteAsync(group, deadline, cancel) : ReadAsync(group, options, deadline, cancel);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync(RangeGroup group, Deadline deadline, CancellationToken cancel)
    {
        (WriteAnswer? answer, group.Error) = await router.WriteBatchAsync(group.Range, group.Items, deadline, cancel).ConfigureAwait(false);
        group.Result = answer?.Result;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ReadAsync(RangeGroup group, ReadOptions options, Deadline deadline, CancellationToken cancel)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> keys = group.Keys;
        while (true)
        {
            (GetManyAnswer? answer, group.Error) = await router.GetManyAsync(group.Range, keys, options, deadline, cancel).ConfigureAwait(false);
            if (answer is null)
            {
                return;
            }

            group.Rows.AddRange(answer.Rows);
            if (group.Rows.Count == group.Keys.Count)
            {
                return;
            }

            keys = group.Keys.GetRange(group.Rows.Count, group.Keys.Count - group.Rows.Count);
        }
    }

    /// <summary>Writes the answers.</summary>
    public static async ValueTask AnswerAsync(CommandRun run, RespWriter writer)
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

    private static void Answer(CommandRun run, in Planned planned, RespWriter writer)
    {
        if ((planned.Refusal ?? Failure(run, planned)) is { } error)
        {
            writer.Error(error);
        }
        else
        {
            planned.Command.Answer(writer, new(run, planned.FirstSlot, planned.Slots));
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

            if (run.IsWriting && group.Result!.Items![run.PlaceOf(slot)] is { Status: CommandStatus.Rejected } rejected)
            {
                return RespErrors.Rejected(rejected.Detail);
            }
        }

        return null;
    }
}
