using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>Writes the WAL back into the database and syncs it, on a connection of its own: mostly beside applies, at the end between two.</summary>
internal sealed class Checkpointer : IDisposable
{
    /// <summary>Passes beside applies before a moment between two is taken. Each leaves only what was written meanwhile.</summary>
    private const int MaxPasses = 3;

    /// <summary>How long new reads wait for those under way to end, when these are in a checkpoint's way. 10 ms: some time slices of a loaded machine.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromMilliseconds(10);

    /// <summary>What a frame of the WAL costs beside its page.</summary>
    private const int FrameHeaderBytes = 24;

    private readonly Lock _running = new();
    private readonly CheckpointedState _state;
    private readonly WriterPace _pace;
    private readonly SqliteDatabase _database;
    private readonly long _frameBytes;
    private readonly long _pauseBytes;
    private int _lastReading;
    private long _written;
    private long _durable;

    public Checkpointer(string path, CheckpointedState state, StateMachineOptions options)
    {
        _state = state;
        _pauseBytes = options.CheckpointPauseBytes;
        _pace = new(options.CheckpointRest.Times, options.CheckpointRest.Longest);
        _database = new(path, SqliteAccess.ReadWrite);
        try
        {
            StateSchema.ConfigureWriter(_database, 64 << 10);
            _frameBytes = long.Parse(_database.QueryText("PRAGMA page_size")!) + FrameHeaderBytes;

            // What an earlier process left in the WAL still has to be written back.
            var wal = new FileInfo(path + "-wal");
            _written = wal.Exists ? wal.Length / _frameBytes : 0;
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    /// <summary>Bytes in the WAL that are not written back; an estimate that is never too low by more than one transaction.</summary>
    public long DebtBytes => Math.Max(0, Volatile.Read(ref _written) - Volatile.Read(ref _durable)) * _frameBytes;

    /// <summary>The writer's running total of pages, after a commit. Called by the thread that applies.</summary>
    public void PagesWritten(int reading)
    {
        Volatile.Write(ref _written, _written + unchecked((uint)(reading - _lastReading)));
        _lastReading = reading;
    }

    /// <summary>Checkpoints, and returns the state that is durable in the file for sure, or null when readers kept frames from being written back.</summary>
    /// <param name="isUrgent">Whether somebody waits for it. Else it leaves the disk to others most of the time.</param>
    public StateMeta? Run(bool isUrgent)
    {
        if (!isUrgent)
        {
            return RunNow(PacedByLayers());
        }

        StateMeta? durable = null;
        _pace.Hurry(() => durable = RunNow(rest: null));
        return durable;
    }

    /// <summary>Returns when no checkpoint is under way; one that rests goes on without rests.</summary>
    public void AwaitEnd() => _pace.Hurry(() =>
    {
        lock (_running)
        {
        }
    });

    public void Dispose() => _pace.Hurry(() =>
    {
        lock (_running)
        {
            _database.Dispose();
        }
    });

    private StateMeta? RunNow(Action? rest)
    {
        lock (_running)
        {
            // 1. Beside writes. The state is read first: what is written back is at least that.
            for (int pass = 0; pass < MaxPasses; pass++)
            {
                StateMeta before = _state.InFile();
                long left = Pass(SqliteNative.CheckpointPassive, pass == 0 ? rest : null).Left;
                if (left == 0)
                {
                    // Who reads from here on reads the file alone, so that the next write starts the WAL over.
                    _state.EndReads();
                    if (_state.IsAtRest())
                    {
                        Empty();
                    }

                    return before;
                }

                if (left * _frameBytes <= _pauseBytes)
                {
                    break;
                }
            }

            // 2. Between two writes: nothing is added, so that the rest is written back and the WAL starts over.
            lock (_state.Writing)
            {
                _state.EndReads();
                StateMeta before = _state.InFile();
                (bool isBusy, long left) = Pass(SqliteNative.CheckpointRestart);
                if (isBusy)
                {
                    // 3. Between two reads as well, or a stream of short ones would keep the WAL growing for ever. One that is long keeps its frames.
                    _state.Readers.Pause(MaxPause);
                    try
                    {
                        left = Pass(SqliteNative.CheckpointRestart).Left;
                    }
                    finally
                    {
                        _state.Readers.Resume();
                    }
                }

                return left == 0 ? before : null;
            }
        }
    }

    /// <summary>Cuts the WAL, all of which is written back, to nothing: after a crash SQLite reads all of it again, whether or not that is of use. Who reads just then keeps it as it is.</summary>
    private void Empty()
    {
        lock (_state.Writing)
        {
            Pass(SqliteNative.CheckpointTruncate);
        }
    }

    /// <summary>What a pass does between two pieces, so that the disk has time for the syncs of the binlog.</summary>
    private Action PacedByLayers()
    {
        double before = _state.Filled();

        // Of all versions of a page in the WAL one is written back.
        double pieces = Math.Max(1, (double)Math.Min(DebtBytes, new FileInfo(_database.Path).Length) / WriteBehind.PieceBytes);
        int done = 0;
        _pace.Begin();
        return () => _pace.Rest(++done / pieces, _state.Filled() - before);
    }

    private (bool IsBusy, long Left) Pass(int mode, Action? rest = null)
    {
        long written = Volatile.Read(ref _written);
        (bool isBusy, int log, int checkpointed) = _database.Checkpoint(mode, rest);
        int left = log - checkpointed;
        Volatile.Write(ref _durable, Math.Max(_durable, written - left));
        return (isBusy, left);
    }
}
