using System.Diagnostics;
using RaftDb.Raft;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>Read connections of one state file. Idle ones are kept up to a bound, the last used first, whose cache is the warmest. Thread-safe.</summary>
internal sealed class ReadConnectionPool(string path, RangeId range, byte keyspace, StateMeta known, StateMachineOptions options) : IDisposable
{
    private readonly object _gate = new();
    private readonly Stack<ReadConnection> _idle = new();
    private int _open;
    private ulong _current;
    private volatile bool _isPaused;
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
        bool isSound = false;
        try
        {
            if (connection.Shown.Applied.Index.Value < Volatile.Read(ref _current) || _isPaused)
            {
                connection.End();
            }

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

    /// <summary>Ends the idle read transactions that show an older state than this, or all of them (null), and from now on the others when they are given back.</summary>
    public void EndOlder(StateMeta? inFile)
    {
        if (inFile is not null)
        {
            Volatile.Write(ref _current, inFile.Applied.Index.Value);
        }

        lock (_gate)
        {
            foreach (ReadConnection connection in _idle)
            {
                if (connection.HasBegun && (inFile is null || connection.Shown.Applied.Index < inFile.Applied.Index))
                {
                    connection.End();
                }
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
            foreach (ReadConnection connection in _idle)
            {
                if (connection.HasBegun)
                {
                    connection.End();
                }
            }

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

                connection.Begin();
            }

            return connection;
        }
        catch
        {
            connection?.Dispose();
            PutBack(null);
            throw;
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
