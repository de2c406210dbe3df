using RaftDb.Raft.Log;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Memory;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>A view of everything that was applied: the layers in memory, as of the applied index that was shown when it was opened, and the file below.</summary>
internal class LayeredReadView(ReadConnectionPool pool, ReadConnection connection, ShownState shown) : IReadView
{
    private ReadConnection? _connection = connection;

    public LogPosition Applied => shown.Meta.Applied;

    public RangeDescriptor Descriptor => shown.Meta.Descriptor;

    protected ReadConnection Connection => _connection ?? throw new ObjectDisposedException(nameof(LayeredReadView));

    public bool TryGet(ReadOnlySpan<byte> key, out Row row)
    {
        ReadConnection file = Connection;
        foreach (MemoryLayer layer in shown.Layers)
        {
            if (layer.Rows.TryFind(key, Applied.Index.Value, out MemRow found))
            {
                row = found.Exists
                    ? new(key.ToArray(), layer.Rows.Value(found).ToArray(), found.Fields.Version, found.Fields.Index, found.Fields.Expiry)
                    : default;
                return found.Exists;
            }
        }

        return file.TryGet(key, out row);
    }

    public ScanPage Scan(in ScanQuery query) => Scanner.Scan(Connection, shown.Layers, Applied.Index.Value, query);

    public ChangePage Changes(in ChangeQuery query) => ChangeReader.Read(Connection, shown.Layers, Applied.Index, query);

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
