using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>MULTI and what belongs to it. EXEC is one entry of one range's log, guarded by what was watched; with reads alone it is one view.</summary>
internal static class TransactionCommands
{
    public static IEnumerable<RespCommand> All =>
    [
        new LocalCommand("MULTI", 1, Multi) { InTransaction = true, Summary = "Queues the commands that follow, for EXEC." },
        new WaitingCommand("EXEC", 1, ExecAsync) { InTransaction = true, Summary = "Does what was queued, atomically, in one range." },
        new LocalCommand("DISCARD", 1, Discard) { InTransaction = true, Summary = "Forgets what was queued." },
        new WaitingCommand("WATCH", -2, WatchAsync) { InTransaction = true, Keys = KeyPlaces.All, Summary = "Lets EXEC do nothing if one of these keys has changed." },
        new LocalCommand("UNWATCH", 1, Unwatch) { Summary = "Forgets all watched keys." },
    ];

    private static void Multi(RespSession session, in Request request)
    {
        if (session.Queue is not null)
        {
            session.Writer.Error("ERR MULTI calls can not be nested");
            return;
        }

        session.Queue = new();
        session.Writer.Ok();
    }

    private static void Discard(RespSession session, in Request request)
    {
        if (session.Queue is null)
        {
            session.Writer.Error("ERR DISCARD without MULTI");
            return;
        }

        session.Queue = null;
        session.Watched.Clear();
        session.Writer.Ok();
    }

    private static void Unwatch(RespSession session, in Request request)
    {
        session.Watched.Clear();
        session.Writer.Ok();
    }

    private static async ValueTask WatchAsync(RespSession session, Request request)
    {
        if (session.Queue is not null)
        {
            session.Writer.Error("ERR WATCH inside MULTI is not allowed");
            return;
        }

        if (ReadCommands.KeyProblem(session.Services.Limits, request) is { } problem)
        {
            session.Writer.Error(problem);
            return;
        }

        if (session.Watched.Count + request.Count - 1 > session.Services.Limits.MaxOperations)
        {
            session.Writer.Error($"TOOLARGE At most {session.Services.Limits.MaxOperations} keys can be watched.");
            return;
        }

        CommandRun run = session.Run;
        run.Begin(writing: false);
        for (int i = 1; i < request.Count; i++)
        {
            run.Read(request.Memory(i));
        }

        await session.Executor.AskAsync(run, ReadOptions.Linearizable, session.Seen, session.Aborted).ConfigureAwait(false);
        if (FirstError(run) is { } error)
        {
            session.Writer.Error(RespErrors.Text(error));
        }
        else
        {
            SlotResults read = new(run, 0, request.Count - 1);
            for (int i = 1; i < request.Count; i++)
            {
                session.Watched.Add(request[i], read.Row(i - 1) is { } row ? row.Index : 0);
            }

            session.Writer.Ok();
        }

        run.Clear();
    }

    private static async ValueTask ExecAsync(RespSession session, Request request)
    {
        if (session.Queue is not { } queue)
        {
            session.Writer.Error("ERR EXEC without MULTI");
            return;
        }

        session.Queue = null;
        SessionWrite? once = session.Writes?.Take();
        IReadOnlyList<Condition> guard = session.Watched.Take();
        if (queue.Dirty is { } dirty)
        {
            session.Writer.Error(dirty);
            return;
        }

        // 1. Plan. Without anything to write, and nothing watched, a view is as atomic as an entry, and costs the log nothing.
        CommandRun run = session.Run;
        run.Begin(guard.Count > 0 || queue.Commands.Any(queued => queued.Command.Writes));
        foreach ((RespCommand command, Request queued) in queue.Commands)
        {
            if (command is DataCommand data)
            {
                run.Plan(data, queued);
            }
        }

        // 2. Do it.
        bool isOneRange = guard.Count == 0 ? run.Groups <= 1 : run.TryGuard(guard);
        if (isOneRange)
        {
            if (once is { } write && run is { IsWriting: true, Groups: 1 })
            {
                run.BeOnce(write);
            }

            await session.Executor.AskAsync(run, session.Reads, session.Seen, session.Aborted).ConfigureAwait(false);
        }

        // 3. Answer: an array of all answers, or one for all.
        if (!isOneRange)
        {
            session.Writer.Error(RespErrors.CrossRange);
        }
        else if (FirstError(run) is { } error)
        {
            session.Writer.Error(RespErrors.Text(error));
        }
        else if (guard.Count > 0 && !run.Group(0).Result!.Succeeded)
        {
            session.Writer.NullArray();
        }
        else
        {
            Answer(session, queue, run);
        }

        run.Clear();
    }

    private static void Answer(RespSession session, QueuedCommands queue, CommandRun run)
    {
        session.Writer.Array(queue.Commands.Count);
        int planned = 0;
        foreach ((RespCommand command, Request queued) in queue.Commands)
        {
            if (command is LocalCommand local)
            {
                local.Answer(session, queued);
            }
            else
            {
                session.Executor.Answer(run, run.Commands[planned++], session.Writer);
            }
        }
    }

    private static RequestError? FirstError(CommandRun run)
    {
        for (int i = 0; i < run.Groups; i++)
        {
            if (run.Group(i).Error is { } error)
            {
                return error;
            }
        }

        return null;
    }
}
