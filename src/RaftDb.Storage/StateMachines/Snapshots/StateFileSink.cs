using System.Security.Cryptography;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines.Snapshots;

/// <summary>Receives a copy into a new state file of a generation of its own. Used by one thread at a time.</summary>
internal sealed class StateFileSink : ISnapshotSink
{
    private readonly StateDirectory _directory;
    private readonly RangeId _range;
    private readonly string _name;
    private readonly LayerResources _resources;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly FileStream _file;
    private bool _isKept;
    private bool _isDisposed;

    public StateFileSink(StateDirectory directory, RangeId range, string name, LayerResources resources)
    {
        _directory = directory;
        _range = range;
        _name = name;
        _resources = resources;
        _file = new FileStream(directory.Path(name), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    public long Received { get; private set; }

    public void Write(ReadOnlySpan<byte> chunk)
    {
        _file.Write(chunk);
        _hash.AppendData(chunk);
        Received += chunk.Length;
    }

    public (IStateMachine State, RangeCheckpoint Checkpoint) Complete(SnapshotHeader header)
    {
        VerifyAndSync(header);
        var state = new SqliteStateMachine(_directory.Path(_name), _range, _resources);
        return (state, new(state.Applied, state.Configuration, state.Descriptor, _name));
    }

    /// <summary>As <see cref="Complete"/> for a restored replica: rows and applied index stay, descriptor and configuration are others.</summary>
    public RangeCheckpoint CompleteAs(SnapshotHeader header, Func<StateMeta, StateMeta> replacement)
    {
        StateMeta meta = replacement(VerifyAndSync(header));
        using var database = new SqliteDatabase(_directory.Path(_name), SqliteAccess.ReadWrite);
        StateSchema.ConfigureWriter(database, _resources.Options.WriterCacheBytes);
        meta.Replace(database);
        StateSchema.MakeDurable(database);
        return new(meta.Applied, meta.Configuration, meta.Descriptor, _name);
    }

    public void Keep() => _isKept = true;

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _file.Dispose();
        _hash.Dispose();
        if (!_isKept)
        {
            _directory.Delete(_name);
        }
    }

    private StateMeta VerifyAndSync(SnapshotHeader header)
    {
        // 1. The bytes are those that were sent, 2. SQLite finds them sound and they are what the header said, 3. and they are on the disk.
        Require(Received == header.Length, $"{Received} bytes came of {header.Length}");
        string hash = Convert.ToHexStringLower(_hash.GetCurrentHash());
        Require(hash == header.Sha256, $"its SHA-256 is {hash} and not {header.Sha256}");
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        StateMeta meta = Inspect();
        Require(
            meta.Applied == header.Metadata.Position,
            $"it holds index {meta.Applied.Index} of term {meta.Applied.Term} and not {header.Metadata.Position.Index} of term {header.Metadata.Position.Term}");
        _directory.Sync();
        return meta;
    }

    private StateMeta Inspect()
    {
        try
        {
            using var database = new SqliteDatabase(_directory.Path(_name), SqliteAccess.Immutable);
            string? answer = database.QueryText("PRAGMA quick_check(1)");
            Require(answer == "ok", $"SQLite finds it damaged: {answer}");
            return StateMeta.ReadFrom(database, _range);
        }
        catch (StorageFailedException e) when (SqliteFailure.IsDamage(e))
        {
            throw new StorageRefusedException($"The received copy of range {_range} is no sound database: {e.Message}", e);
        }
    }

    private void Require(bool holds, string why)
    {
        if (!holds)
        {
            throw new StorageRefusedException($"The received copy of range {_range} ({_directory.Path(_name)}) is refused: {why}. Fetch it again.");
        }
    }
}
