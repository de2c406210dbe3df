using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Snapshots;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The state machines of a node in SQLite files under ranges/ID of its data directory. Thread-safe for different ranges.</summary>
public sealed class SqliteStateMachineStore : IStateMachineStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RangeId, ulong> _generations = [];
    private readonly string _dataDirectory;
    private readonly StateMachineOptions _options;
    private readonly LayerResources _resources;

    /// <summary>A store over a data directory, which exists. Loads SQLite.</summary>
    public SqliteStateMachineStore(string dataDirectory, StateMachineOptions options)
    {
        _dataDirectory = Path.GetFullPath(dataDirectory);
        _options = options.Validate();
        _resources = LayerResources.Of(options);
        SqliteVersion = SqliteLibrary.Load(options.SqliteLibrary);
    }

    /// <summary>The version of SQLite that this process runs: nodes report it, because results should not depend on it.</summary>
    public string SqliteVersion { get; }

    /// <inheritdoc/>
    public IStateMachine Create(RangeDescriptor descriptor, Configuration configuration)
    {
        StateDirectory directory = Directory(descriptor.Id);
        directory.Create();
        string path = directory.Path(NextName(directory, descriptor.Id));
        StateSchema.Create(path, new(LogPosition.Zero, default, 0, 0, 0, descriptor, configuration), _options);
        directory.Sync();
        return new SqliteStateMachine(path, descriptor.Id, _resources);
    }

    /// <inheritdoc/>
    public IStateMachine Open(RangeId range, RangeCheckpoint checkpoint)
    {
        StateDirectory directory = Directory(range);
        string path = directory.Path(checkpoint.StateFile);
        Refuse(StateDirectory.Generation(checkpoint.StateFile) is null || checkpoint.StateFile != Path.GetFileName(path), path, "is not named like a state file");
        Refuse(!File.Exists(path), path, "is missing");
        Refuse(!HasMagic(path), path, "is not a SQLite database");
        if (!File.Exists(path + "-wal"))
        {
            // We never delete it, but other programs do when they close a database, and what they wrote back has no checksums: somebody has looked into the file, or changed it.
            PageChecksums.Renew(path);
        }

        SqliteStateMachine state;
        try
        {
            CheckIfAsked(path);
            state = new SqliteStateMachine(path, range, _resources);
        }
        catch (StorageFailedException e) when (SqliteFailure.IsDamage(e))
        {
            throw new StorageRefusedException(Advice(path, $"is damaged ({e.Message})"), e);
        }

        try
        {
            LogPosition expected = checkpoint.Position;
            Refuse(
                state.Applied.Index < expected.Index || (state.Applied.Index == expected.Index && state.Applied.Term != expected.Term),
                path,
                $"holds index {state.Applied.Index} of term {state.Applied.Term}, but the binlog was cut on the word that it holds index {expected.Index} of term {expected.Term}");
            directory.DeleteLeftovers(checkpoint.StateFile);
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ISnapshotSink BeginReceive(RangeId range) => Receive(range);

    /// <summary>Makes a restored replica's first state out of a copy that a backup kept: rows and applied index are the copy's, descriptor and configuration those given.
    /// The file is durable when this returns. Throws <see cref="StorageRefusedException"/> when the data is not what the header says.</summary>
    public RangeCheckpoint ImportSnapshot(SnapshotHeader header, Stream data, RangeDescriptor newDescriptor, Configuration newConfiguration)
    {
        Check.That(newDescriptor.Id == header.Descriptor.Id, $"rows of range {header.Descriptor.Id} can't become range {newDescriptor.Id}");
        Check.That(newDescriptor.Kind == header.Descriptor.Kind, $"rows of a {header.Descriptor.Kind} range can't become a {newDescriptor.Kind} range");
        using StateFileSink sink = Receive(header.Descriptor.Id);
        byte[] buffer = new byte[256 << 10];
        int read;
        while ((read = data.Read(buffer)) > 0)
        {
            sink.Write(buffer.AsSpan(0, read));
        }

        RangeCheckpoint checkpoint = sink.CompleteAs(
            header, received => received with { Descriptor = newDescriptor, Configuration = newConfiguration, Shape = received.Applied.Index.Value });
        sink.Keep();
        return checkpoint;
    }

    /// <inheritdoc/>
    public void Delete(RangeId range, string fileName)
    {
        StateDirectory directory = Directory(range);
        if (!System.IO.Directory.Exists(directory.Directory))
        {
            return;
        }

        directory.Delete(fileName);
        directory.Sync();
        directory.DeleteIfEmpty();
    }

    private StateFileSink Receive(RangeId range)
    {
        StateDirectory directory = Directory(range);
        directory.Create();
        return new(directory, range, NextName(directory, range), _resources);
    }

    private StateDirectory Directory(RangeId range) => new(_dataDirectory, range);

    // Above everything on disk and everything that this process named before: a name is not used twice.
    private string NextName(StateDirectory directory, RangeId range)
    {
        lock (_gate)
        {
            ulong next = Math.Max(directory.HighestGeneration(), _generations.GetValueOrDefault(range)) + 1;
            _generations[range] = next;
            return StateDirectory.StateName(next);
        }
    }

    private void CheckIfAsked(string path)
    {
        if (_options.CheckAtOpen)
        {
            using var database = new SqliteDatabase(path, SqliteAccess.ReadWrite);
            string? answer = database.QueryText("PRAGMA quick_check(1)");
            Refuse(answer != "ok", path, $"is damaged ({answer})");
        }
    }

    private static bool HasMagic(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] head = new byte[SqliteDatabase.FileMagic.Length];
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.AsSpan().SequenceEqual(SqliteDatabase.FileMagic);
    }

    private static void Refuse(bool isRefused, string path, string why)
    {
        if (isRefused)
        {
            throw new StorageRefusedException(Advice(path, why));
        }
    }

    private static string Advice(string path, string why) =>
        $"The state file {path} {why}. Put the right file back if there is one; otherwise remove this replica and let its peers rebuild it by snapshot.";
}
