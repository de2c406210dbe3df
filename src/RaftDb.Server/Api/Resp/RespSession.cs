using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api.Resp;

/// <summary>What a connection has set and what it knows. Used by the one who runs its commands, one after the other.</summary>
internal sealed class RespSession(long id, RespServices services, RespWriter writer, CancellationToken aborted)
{
    /// <summary>The connection's number, never used again by this process.</summary>
    public long Id => id;

    public RespServices Services => services;

    public RespWriter Writer => writer;

    /// <summary>Cancelled when the connection is gone.</summary>
    public CancellationToken Aborted => aborted;

    /// <summary>Whether the connection ends after what has been answered so far.</summary>
    public bool IsClosing { get; set; }

    /// <summary>How this connection reads.</summary>
    public ReadOptions Reads { get; set; } = ReadOptions.Linearizable;
}
