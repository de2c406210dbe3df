using RaftDb.Raft.Log;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Digests;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>A view: one read transaction on a rented connection.</summary>
internal sealed class SqliteReadView(ReadConnectionPool pool, ReadConnection connection, StateMeta meta) : IReadView
{
    private ReadConnection? _connection = connection;

    public LogPosition Applied => meta.Applied;

    public RangeDescriptor Descriptor => meta.Descriptor;

    private ReadConnection Connection => _connection ?? throw new ObjectDisposedException(nameof(SqliteReadView));

    public bool TryGet(ReadOnlySpan<byte> key, out Row row) => Connection.TryGet(key, out row);

    public ScanPage Scan(in ScanQuery query) => Connection.Scan(query);

    /// <summary>Hashes the whole range as this view shows it.</summary>
    public StateDigest ComputeDigest(CancellationToken cancel) => Connection.ComputeDigest(meta, cancel);

    public SliceDigest DigestSlice(SliceQuery query, CancellationToken cancel) => Connection.DigestSlice(query, meta, cancel);

    public ChangePage Changes(in ChangeQuery query) => Connection.Changes(query, meta);

    public string? CheckFile() => Connection.CheckFile();

    public void Dispose()
    {
        ReadConnection? connection = _connection;
        _connection = null;
        if (connection is not null)
        {
            pool.Return(connection);
        }
    }
}
