using RaftDb.Server.Api.Resp.Commands;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp;

/// <summary>Runs the commands of one connection in their order. Neighbours that read, and neighbours that write, go to their ranges together; everything else waits for those
/// before it.</summary>
internal sealed class CommandRunner(RespSession session)
{
    // A read that goes through the log costs every replica: worth it for a few keys.
    private const int MaxReadArgumentsInEntry = 16;
    private const int LookAhead = 64;

    private readonly CommandRun _run = session.Run;

    /// <summary>Runs and answers the commands that have come, but does not send the answers.</summary>
    public async ValueTask RunAsync(ReceivedBytes received)
    {
        for (int i = 0; i < received.Commands && !session.IsClosing; i++)
        {
            Request request = received.Command(i);
            RespCommand? command = CommandTable.Find(request[0]);
            if (Refusal(command, request) is { } refusal)
            {
                await FinishAsync().ConfigureAwait(false);
                session.Queue?.Spoil();
                if (command is { Writes: true } && session.Queue is null)
                {
                    // The client counted it, whether or not it made sense.
                    session.Writes?.Take();
                }

                session.Services.Metrics.Answered(command, refusal);
                session.Writer.Error(refusal);
            }
            else if (session.Queue is { } queue && !command!.InTransaction)
            {
                queue.Add(command, request);
                session.Writer.Simple("QUEUED"u8);
            }
            else if (command is DataCommand data)
            {
                bool writes = data.Writes || (_run is { IsEmpty: false, IsWriting: true } && IsReadWithin(received, i));
                if (!_run.IsEmpty && (_run.IsWriting != writes || _run.IsFull))
                {
                    await FinishAsync().ConfigureAwait(false);
                    writes = data.Writes;
                }

                if (_run.IsEmpty)
                {
                    _run.Begin(writes);
                }

                _run.Plan(data, request, session.Writes);
            }
            else
            {
                await FinishAsync().ConfigureAwait(false);
                await AnswerAsync(command!, request).ConfigureAwait(false);
            }

            if (session.Writer.IsLarge)
            {
                await session.Writer.FlushAsync().ConfigureAwait(false);
            }
        }

        await FinishAsync().ConfigureAwait(false);
    }

    /// <summary>Takes out the run and answers it.</summary>
    private async ValueTask FinishAsync()
    {
        if (_run.IsEmpty)
        {
            return;
        }

        await session.Executor.AskAsync(_run, session.Reads, session.Seen, session.Aborted).ConfigureAwait(false);
        await session.Executor.AnswerAsync(_run, session.Writer).ConfigureAwait(false);
        _run.Clear();
    }

    private async ValueTask AnswerAsync(RespCommand command, Request request)
    {
        session.Services.Metrics.Answered(command, null);
        if (command is WaitingCommand waiting)
        {
            await waiting.AnswerAsync(session, request).ConfigureAwait(false);
        }
        else
        {
            ((LocalCommand)command).Answer(session, request);
        }
    }

    /// <summary>Whether a read stands between writes: then it is done where they are, in the same entry, rather than after one entry and before another.</summary>
    private bool IsReadWithin(ReceivedBytes received, int at)
    {
        if (session.IsReadOnly || received.Command(at).Count > MaxReadArgumentsInEntry)
        {
            return false;
        }

        int end = Math.Min(received.Commands, at + LookAhead);
        for (int i = at + 1; i < end; i++)
        {
            switch (CommandTable.Find(received.Command(i)[0]))
            {
                case DataCommand { Writes: true }:
                    return true;
                case DataCommand:
                    continue;
                default:
                    return false;
            }
        }

        return false;
    }

    private string? Refusal(RespCommand? command, in Request request)
    {
        if (command is null)
        {
            ReadOnlySpan<byte> name = request[0];
            if (name.Is("POST"u8) || name.Is("Host:"u8))
            {
                // A browser may be made to send a form here by any page; its body could hold commands.
                session.IsClosing = true;
                return "ERR Protocol error: this is HTTP, and RESP is spoken here";
            }

            return $"ERR unknown command '{System.Text.Encoding.UTF8.GetString(name[..Math.Min(name.Length, 64)])}'";
        }

        if (!command.Accepts(request.Count))
        {
            return RespErrors.Arity(command.Name);
        }

        if (session.Queue is not { } queue)
        {
            return null;
        }

        if (command is WaitingCommand { InTransaction: false } or DataCommand { InMulti: false })
        {
            return $"ERR {command.Name} is not allowed in transactions";
        }

        return !command.InTransaction && queue.Bytes + request.Bytes > session.Services.Options.MaxQueuedBytes
            ? $"TOOLARGE The queued commands have more than {session.Services.Options.MaxQueuedBytes} bytes."
            : null;
    }
}
