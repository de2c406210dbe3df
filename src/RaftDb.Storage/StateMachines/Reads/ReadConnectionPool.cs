using System.Diagnostics;
using RaftDb.Raft;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>Read connections of one state file. Idle ones are kept up to a bound, the last used first, whose cache is the warmest. Thread-safe.</summary>
internal sealed class ReadConnectionPool(string path, RangeId range, byte keyspace, StateMeta known, StateMachineOptions options) : IDisposable
{
    private readonly object _gate = new();
    private readonly Stack<ReadConnection> _idle = new();
    private int _open;
    private bool _isPaused;
    private bool _isDisposed;

    /// <summary>A view that shows at least the given state, which was committed already.</summary>
    public SqliteReadView Rent(StateMeta atLeast)
    {
        ReadConnection? connection = Take();
        try
        {
            connection ??= new(path, range, keyspace, known, options);
            StateMeta shown = connection.Begin();
            Check.That(shown.Applied.Index >= atLeast.Applied.Index, $"a view at {shown.Applied.Index} is older than {atLeast.Applied.Index}");
            return new(this, connection, shown);
        }
        catch
        {
            connection?.Dispose();
            PutBack(null);
            throw;
        }
    }

    /// <summary>Takes a connection back after its view.</summary>
    public void Return(ReadConnection connection)
    {
        bool isSound = false;
        try
        {
            connection.End();
            isSound = true;
        }
        finally
        {
            if (!PutBack(isSound ? connection : null))
            {
                connection.Dispose();
            }
        }
    }

    /// <summary>Makes new views wait and returns when the open ones have ended, or when the time is over.</summary>
    public void Pause(TimeSpan most)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _isPaused = true;
            while (_open > 0 && most - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } left)
            {
                Monitor.Wait(_gate, left);
            }
        }
    }

    /// <summary>Lets views be opened again.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            _isPaused = false;
            Monitor.PulseAll(_gate);
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
            while (_isPaused)
            {
                Monitor.Wait(_gate);
            }

            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _open++;
            return _idle.TryPop(out ReadConnection? connection) ? connection : null;
        }
    }

    private bool PutBack(ReadConnection? connection)
    {
        lock (_gate)
        {
            _open--;
            if (_isPaused)
            {
                Monitor.PulseAll(_gate);
            }

            bool keep = connection is not null && !_isDisposed && _idle.Count < options.MaxIdleReaders;
            if (keep)
            {
                _idle.Push(connection!);
            }

            return keep;
        }
    }
}
