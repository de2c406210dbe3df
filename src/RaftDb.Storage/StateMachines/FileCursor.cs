using RaftDb.Storage.StateMachines.Memory;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The rows of a statement: key, version, idx, expiry, and the value or (without values) its length.</summary>
internal sealed class FileCursor(SqliteStatement statement, bool hasValues) : RowCursor
{
    // The keyspace byte goes ahead of the user's key.
    public override ReadOnlySpan<byte> Key => statement.Blob(0)[1..];

    public override RowFacts Facts => new(
        (ulong)statement.Number(1), (ulong)statement.Number(2), statement.Number(3), hasValues ? statement.Blob(4).Length : statement.Number(4));

    public override ReadOnlySpan<byte> Value => hasValues ? statement.Blob(4) : default;

    public override bool MoveNext() => statement.Step();

    public override void Dispose() => statement.Reset();
}
