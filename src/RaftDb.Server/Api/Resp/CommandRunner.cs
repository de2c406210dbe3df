using RaftDb.Server.Api.Resp.Commands;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp;

/// <summary>Runs the commands of one connection in their order. Neighbours that read, and neighbours that write, go to their ranges together; everything else waits for those
/// before it.</summary>
internal sealed class CommandRunner(RespSession session) : IDisposable
{
    private readonly CommandRun _run = new(session.Services.Router, session.Services.Limits);
    private readonly RunExecutor _executor = new(session.Services.Router, session.Services.Options.Timeout);

    /// <summary>Takes the next command. It may be answered later: see <see cref="FinishAsync"/>.</summary>
    public ValueTask TakeAsync(in Request request)
    {
        RespCommand? command = CommandTable.Find(request[0]);
        if (command is null || !command.Accepts(request.Count))
        {
            return RefuseAsync(command is null ? Unknown(request) : $"ERR wrong number of arguments for '{command.Name.ToLowerInvariant()}' command");
        }

        if (command is DataCommand data)
        {
            if (_run.IsEmpty || (_run.IsWriting == data.Writes && !_run.IsFull))
            {
                _run.Plan(data, request, data.Writes);
                return ValueTask.CompletedTask;
            }

            return PlanNextAsync(data, request);
        }

        if (_run.IsEmpty && command is LocalCommand local)
        {
            local.Answer(session, request);
            return ValueTask.CompletedTask;
        }

        return AnswerNextAsync(command, request);
    }

    /// <summary>Answers what was taken.</summary>
    public async ValueTask FinishAsync()
    {
        if (_run.IsEmpty)
        {
            return;
        }

        await _executor.AskAsync(_run, session.Reads, session.Aborted).ConfigureAwait(false);
        await RunExecutor.AnswerAsync(_run, session.Writer).ConfigureAwait(false);
        _run.Clear();
    }

    public void Dispose() => _run.Dispose();

    private async ValueTask PlanNextAsync(DataCommand command, Request request)
    {
        await FinishAsync().ConfigureAwait(false);
        _run.Plan(command, request, command.Writes);
    }

    private async ValueTask AnswerNextAsync(RespCommand command, Request request)
    {
        await FinishAsync().ConfigureAwait(false);
        if (command is WaitingCommand waiting)
        {
            await waiting.AnswerAsync(session, request).ConfigureAwait(false);
        }
        else
        {
            ((LocalCommand)command).Answer(session, request);
        }
    }

    private async ValueTask RefuseAsync(string error)
    {
        await FinishAsync().ConfigureAwait(false);
        session.Writer.Error(error);
    }

    private static string Unknown(in Request request)
    {
        ReadOnlySpan<byte> name = request[0];
        return $"ERR unknown command '{System.Text.Encoding.UTF8.GetString(name[..Math.Min(name.Length, 64)])}'";
    }
}
