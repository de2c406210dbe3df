using RaftDb.Server.Api.Resp.Commands;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>What came between MULTI and EXEC.</summary>
internal sealed class QueuedCommands
{
    // What a command costs beside its bytes.
    private const int Overhead = 64;

    private readonly List<(RespCommand Command, Request Request)> _commands = [];

    /// <summary>Why EXEC must not do it; null when it may.</summary>
    public string? Dirty { get; private set; }

    public IReadOnlyList<(RespCommand Command, Request Request)> Commands => _commands;

    /// <summary>Bytes that are held.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a copy of a command.</summary>
    public void Add(RespCommand command, in Request request)
    {
        Bytes += request.Bytes + Overhead;
        _commands.Add((command, request.Copy()));
    }

    /// <summary>A command was refused: nothing of the transaction will be done.</summary>
    public void Spoil()
    {
        Dirty = "EXECABORT Transaction discarded because of previous errors.";
        _commands.Clear();
        Bytes = 0;
    }
}
