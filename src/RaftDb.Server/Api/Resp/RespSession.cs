using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api.Resp;

/// <summary>What a connection has set and what it knows. Used by the one who runs its commands, one after the other.</summary>
internal sealed class RespSession(long id, RespServices services, RespWriter writer, SeenIndexes seen, CancellationToken aborted) : IDisposable
{
    private ReadOptions? _followerReads;

    /// <summary>The connection's number, never used again by this process.</summary>
    public long Id => id;

    public RespServices Services => services;

    public RespWriter Writer => writer;

    /// <summary>Cancelled when the connection is gone.</summary>
    public CancellationToken Aborted => aborted;

    /// <summary>Whether the connection ends after what has been answered so far.</summary>
    public bool IsClosing { get; set; }

    /// <summary>What the client calls the connection.</summary>
    public string Name { get; set; } = "";

    /// <summary>The client library, as it names itself.</summary>
    public string LibraryName { get; set; } = "";

    /// <summary>Its version.</summary>
    public string LibraryVersion { get; set; } = "";

    /// <summary>Where the client comes from.</summary>
    public string Address { get; init; } = "";

    /// <summary>What the client has seen.</summary>
    public SeenIndexes Seen { get; } = seen;

    /// <summary>The session that this connection writes in.</summary>
    public WriteSession? Writes { get; set; }

    /// <summary>Between MULTI and EXEC: what is queued.</summary>
    public QueuedCommands? Queue { get; set; }

    /// <summary>Keys that must not change until EXEC.</summary>
    public WatchedKeys Watched { get; } = new();

    /// <summary>The commands on keys that go out together next.</summary>
    public CommandRun Run { get; } = new(services.Router, services.Limits, seen);

    /// <summary>Takes them out.</summary>
    public RunExecutor Executor { get; } = new(services);

    /// <summary>Whether reads are served by this node's replica, without asking the leader.</summary>
    public bool IsReadOnly { get; private set; }

    /// <summary>How reads are to be served.</summary>
    public ReadOptions Reads => !IsReadOnly
        ? ReadOptions.Linearizable
        : _followerReads ?? new(Consistency.Session, default, default, Seen.Token);

    /// <summary>Reads from this node's replica from now on: at most so old, or (null) whatever it has, but never older than what this connection has seen.</summary>
    public void ReadHere(TimeSpan? maxStaleness)
    {
        IsReadOnly = true;
        _followerReads = maxStaleness is { } age ? new(Consistency.Bounded, age, default, SessionToken.Empty) : null;
    }

    /// <summary>Linearizable reads from now on.</summary>
    public void ReadAnywhere() => IsReadOnly = false;

    public void Dispose() => Run.Dispose();
}
