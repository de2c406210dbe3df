using RaftDb.Raft;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>Read connections of one state file. Idle ones are kept up to a bound, the last used first, whose cache is the warmest. Thread-safe.</summary>
internal sealed class ReadConnectionPool(string path, RangeId range, byte keyspace, StateMeta known, StateMachineOptions options) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Stack<ReadConnection> _idle = new();
    private bool _isDisposed;

    /// <summary>A view that shows at least the given state, which was committed already.</summary>
    public SqliteReadView Rent(StateMeta atLeast)
    {
        ReadConnection connection = Take() ?? new(path, range, keyspace, known, options);
        try
        {
            StateMeta shown = connection.Begin();
            Check.That(shown.Applied.Index >= atLeast.Applied.Index, $"a view at {shown.Applied.Index} is older than {atLeast.Applied.Index}");
            return new(this, connection, shown);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Takes a connection back after its view.</summary>
    public void Return(ReadConnection connection)
    {
        bool keep = false;
        try
        {
            connection.End();
            lock (_gate)
            {
                keep = !_isDisposed && _idle.Count < options.MaxIdleReaders;
                if (keep)
                {
                    _idle.Push(connection);
                }
            }
        }
        finally
        {
            if (!keep)
            {
                connection.Dispose();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            while (_idle.TryPop(out ReadConnection? connection))
            {
                connection.Dispose();
            }
        }
    }

    private ReadConnection? Take()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _idle.TryPop(out ReadConnection? connection) ? connection : null;
        }
    }
}
