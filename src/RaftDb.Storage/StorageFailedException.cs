namespace RaftDb.Storage;

/// <summary>The disk or the database on it failed in a way after which nothing more may be acknowledged: the node stops.</summary>
public sealed class StorageFailedException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>SQLite's extended result code, when it was SQLite that failed; else 0.</summary>
    public int SqliteCode { get; init; }

    /// <summary>Whether SQLite found that the file is no sound database, rather than that it could not be read.</summary>
    public bool IsDamage => StateMachines.Sqlite.SqliteFailure.IsDamage(this);
}
