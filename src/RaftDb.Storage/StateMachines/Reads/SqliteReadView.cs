using RaftDb.Storage.StateMachines.Digests;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>A view of what is in the file, with no layers above it: one read transaction on a rented connection.</summary>
internal sealed class SqliteReadView(ReadConnectionPool pool, ReadConnection connection)
    : LayeredReadView(pool, connection, new(connection.Shown, 0, [], connection.Shown)), IFrozenView
{
    public StateDigest ComputeDigest(CancellationToken cancel) => Connection.ComputeDigest(cancel);

    public SliceDigest DigestSlice(SliceQuery query, CancellationToken cancel) => Connection.DigestSlice(query, cancel);
}
