using RaftDb.Storage.StateMachines.Reads;
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
    private readonly SqliteDatabase _database;
    private readonly long _frameBytes;
    private readonly long _pauseBytes;
    private int _lastReading;
    private long _written;
    private long _durable;

    public Checkpointer(string path, StateMachineOptions options)
    {
        _pauseBytes = options.CheckpointPauseBytes;
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
    /// <param name="writing">Held by who writes to the file.</param>
    /// <param name="inFile">What is in the file.</param>
    /// <param name="isAtRest">Whether nothing more has come to be written.</param>
    /// <param name="endReads">Ends read transactions, those in use when they are given back: they would keep the WAL from starting over.</param>
    /// <param name="readers">Where views come from.</param>
    public StateMeta? Run(Lock writing, Func<StateMeta> inFile, Func<bool> isAtRest, Action endReads, ReadConnectionPool readers)
    {
        lock (_running)
        {
            // 1. Beside writes. The state is read first: what is written back is at least that.
            for (int pass = 0; pass < MaxPasses; pass++)
            {
                StateMeta before = inFile();
                long left = Pass(SqliteNative.CheckpointPassive).Left;
                if (left == 0)
                {
                    // Who reads from here on reads the file alone, so that the next write starts the WAL over.
                    endReads();
                    if (isAtRest())
                    {
                        Empty(writing);
                    }

                    return before;
                }

                if (left * _frameBytes <= _pauseBytes)
                {
                    break;
                }
            }

            // 2. Between two writes: nothing is added, so that the rest is written back and the WAL starts over.
            lock (writing)
            {
                endReads();
                StateMeta before = inFile();
                (bool isBusy, long left) = Pass(SqliteNative.CheckpointRestart);
                if (isBusy)
                {
                    // 3. Between two reads as well, or a stream of short ones would keep the WAL growing for ever. One that is long keeps its frames.
                    readers.Pause(MaxPause);
                    try
                    {
                        left = Pass(SqliteNative.CheckpointRestart).Left;
                    }
                    finally
                    {
                        readers.Resume();
                    }
                }

                return left == 0 ? before : null;
            }
        }
    }

    public void Dispose()
    {
        lock (_running)
        {
            _database.Dispose();
        }
    }

    /// <summary>Cuts the WAL, all of which is written back, to nothing: after a crash SQLite reads all of it again, whether or not that is of use. Who reads just then keeps it as it is.</summary>
    private void Empty(Lock writing)
    {
        lock (writing)
        {
            Pass(SqliteNative.CheckpointTruncate);
        }
    }

    private (bool IsBusy, long Left) Pass(int mode)
    {
        long written = Volatile.Read(ref _written);
        (bool isBusy, int log, int checkpointed) = _database.Checkpoint(mode);
        int left = log - checkpointed;
        Volatile.Write(ref _durable, Math.Max(_durable, written - left));
        return (isBusy, left);
    }
}
