using System.Diagnostics;
using RaftDb.Raft;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>Read connections of one state file. Idle ones are kept up to a bound, the last used first, whose cache is the warmest. Thread-safe.</summary>
internal sealed class ReadConnectionPool(string path, RangeId range, byte keyspace, StateMeta known, StateMachineOptions options) : IDisposable
{
    private readonly object _gate = new();
    private readonly Stack<ReadConnection> _idle = new();
    private int _open;
    private volatile int _epoch;
    private bool _isPaused;
    private bool _isDisposed;

    /// <summary>A connection whose transaction shows at least the given state, which is in the file already.</summary>
    public ReadConnection Rent(StateMeta atLeast) => Rent(c => c.HasBegun && c.Shown.Applied.Index >= atLeast.Applied.Index);

    /// <summary>A view of what is in the file, which is the given state: the caller keeps it from changing meanwhile.</summary>
    public SqliteReadView RentFrozen(StateMeta inFile)
    {
        ReadConnection connection = Rent(c => c.HasBegun && c.Shown.Applied == inFile.Applied);
        Check.That(connection.Shown.Applied == inFile.Applied, $"the file is at {connection.Shown.Applied} and not at {inFile.Applied}");
        return new(this, connection);
    }

    /// <summary>Takes a connection back after its view.</summary>
    public void Return(ReadConnection connection)
    {
        bool isKept = false;
        try
        {
            lock (_gate)
            {
                Leave();

                // Under the lock, so that an end of all that have begun comes before this, or finds the connection idle.
                if (connection.Epoch != _epoch || _isPaused)
                {
                    connection.End();
                }

                isKept = !_isDisposed && _idle.Count < options.MaxIdleReaders;
                if (isKept)
                {
                    _idle.Push(connection);
                }
            }
        }
        finally
        {
            if (!isKept)
            {
                connection.Dispose();
            }
        }
    }

    /// <summary>Ends the read transactions that have begun: idle ones now, the others when they are given back.</summary>
    public void EndBegun()
    {
        lock (_gate)
        {
            _epoch++;
            EndIdle();
        }
    }

    /// <summary>Makes new views wait and returns when the open ones have ended, or when the time is over.</summary>
    public void Pause(TimeSpan most)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _isPaused = true;
            EndIdle();
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

    private ReadConnection Rent(Predicate<ReadConnection> isCurrent)
    {
        ReadConnection? connection = Take();
        try
        {
            connection ??= new(path, range, keyspace, known, options);
            if (!isCurrent(connection))
            {
                if (connection.HasBegun)
                {
                    connection.End();
                }

                connection.Begin(_epoch);
            }

            return connection;
        }
        catch
        {
            connection?.Dispose();
            lock (_gate)
            {
                Leave();
            }

            throw;
        }
    }

    private void EndIdle()
    {
        foreach (ReadConnection connection in _idle)
        {
            if (connection.HasBegun)
            {
                connection.End();
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

    private void Leave()
    {
        _open--;
        if (_isPaused)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
