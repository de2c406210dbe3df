using RaftDb.Raft.Log;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Digests;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>A view of what is in the file: one read transaction on a rented connection.</summary>
internal sealed class SqliteReadView(ReadConnectionPool pool, ReadConnection connection) : IFrozenView
{
    private ReadConnection? _connection = connection;

    public LogPosition Applied => Connection.Shown.Applied;

    public RangeDescriptor Descriptor => Connection.Shown.Descriptor;

    private ReadConnection Connection => _connection ?? throw new ObjectDisposedException(nameof(SqliteReadView));

    public bool TryGet(ReadOnlySpan<byte> key, out Row row) => Connection.TryGet(key, out row);

    public ScanPage Scan(in ScanQuery query) => Scanner.Scan(Connection, [], 0, query);

    public StateDigest ComputeDigest(CancellationToken cancel) => Connection.ComputeDigest(cancel);

    public SliceDigest DigestSlice(SliceQuery query, CancellationToken cancel) => Connection.DigestSlice(query, cancel);

    public ChangePage Changes(in ChangeQuery query) => ChangeReader.Read(Connection, [], Applied.Index, query);

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
