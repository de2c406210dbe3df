using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>The connection on which the thread that applies reads what is in the file, under one read transaction from one write to the file to the next.</summary>
internal sealed class FileReader : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly RangeId _range;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private bool _hasBegun;

    public FileReader(string path, RangeId range, StateMachineOptions options)
    {
        _range = range;
        _database = new(path, SqliteAccess.ReadOnly);
        try
        {
            StateSchema.ConfigureReader(_database, options.ApplyCacheBytes);
            _begin = _database.Prepare("BEGIN");
            _commit = _database.Prepare("COMMIT");
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    /// <summary>Prepares a statement, with the range as its first parameter.</summary>
    public SqliteStatement Prepare(string sql) => _database.Prepare(sql, _range);

    /// <summary>Sees to it that the transaction is open. Called ahead of each statement.</summary>
    public void Begin()
    {
        if (!_hasBegun)
        {
            _begin.Run();
            _hasBegun = true;
        }
    }

    /// <summary>The file has something new, or is to be checkpointed.</summary>
    public void End()
    {
        if (_hasBegun)
        {
            _hasBegun = false;
            _commit.Run();
        }
    }

    public void Dispose() => _database.Dispose();
}
