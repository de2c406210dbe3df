using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Storage.StateMachines;

/// <summary>What a state file says of itself: one row, changed in the same transaction as the data. Immutable.</summary>
/// <param name="Applied">The last applied entry.</param>
/// <param name="Time">The latest time of an applied command.</param>
/// <param name="Keys">Rows.</param>
/// <param name="Bytes">Bytes of keys and values.</param>
/// <param name="Shape">The applied index at which descriptor or configuration last changed: tells readers whether what they decoded still holds.</param>
/// <param name="Descriptor">The range's descriptor.</param>
/// <param name="Configuration">The members.</param>
internal sealed record StateMeta(
    LogPosition Applied, HybridTimestamp Time, long Keys, long Bytes, ulong Shape, RangeDescriptor Descriptor, Configuration Configuration)
{
    private const string Columns = "applied_index, applied_term, time, keys, bytes, shape, format, descriptor, configuration";

    /// <summary>Statement that <see cref="Read"/> runs.</summary>
    public const string SelectSql = $"SELECT {Columns} FROM raftdb_meta WHERE range = ?1";

    /// <summary>Adds the row of a new range.</summary>
    public void Insert(SqliteDatabase database)
    {
        using SqliteStatement insert = database.Prepare(
            $"INSERT INTO raftdb_meta ({Columns}, range) VALUES (?2, ?3, ?4, ?5, ?6, ?7, {StateSchema.FormatVersion}, ?8, ?9, ?1)");
        BindAll(insert);
        insert.Run();
    }

    /// <summary>Replaces everything in the row.</summary>
    public void Replace(SqliteDatabase database)
    {
        using SqliteStatement update = database.Prepare(
            "UPDATE raftdb_meta SET applied_index = ?2, applied_term = ?3, time = ?4, keys = ?5, bytes = ?6, shape = ?7, descriptor = ?8, configuration = ?9 WHERE range = ?1");
        BindAll(update);
        update.Run();
    }

    /// <summary>Reads the row through a prepared <see cref="SelectSql"/>; null when the range is not in the file. What is known already is kept when its
    /// shape is the same.</summary>
    public static StateMeta? Read(SqliteStatement select, StateMeta? known)
    {
        if (!select.Step())
        {
            select.Reset();
            return null;
        }

        if (select.Number(6) != StateSchema.FormatVersion)
        {
            long format = select.Number(6);
            select.Reset();
            throw new StorageRefusedException($"The state file has format {format}, and this version reads {StateSchema.FormatVersion}: run the version that wrote it.");
        }

        ulong shape = (ulong)select.Number(5);
        bool isKnown = known is not null && known.Shape == shape;
        var meta = new StateMeta(
            new(new((ulong)select.Number(0)), new((ulong)select.Number(1))),
            new((ulong)select.Number(2)),
            select.Number(3),
            select.Number(4),
            shape,
            isKnown ? known!.Descriptor : ShapeCodec.DecodeDescriptor(select.Blob(7)),
            isKnown ? known!.Configuration : ShapeCodec.DecodeConfiguration(select.Blob(8)));
        select.Reset();
        return meta;
    }

    /// <summary>Reads the row of the only range that the file holds, refusing anything that is not a state file of that range.</summary>
    public static StateMeta ReadFrom(SqliteDatabase database, RangeId range)
    {
        try
        {
            using SqliteStatement select = database.Prepare(SelectSql);
            select.Bind(1, (long)range.Value);
            return Read(select, null) ?? throw new StorageRefusedException(
                $"{database.Path} holds another range than {range}. Put back the right file, or remove the replica and let it be rebuilt by snapshot.");
        }
        catch (UnknownCommandException e)
        {
            throw new StorageRefusedException($"{database.Path} can't be read: {e.Message}", e);
        }
    }

    private void BindAll(SqliteStatement statement)
    {
        statement.Bind(1, (long)Descriptor.Id.Value);
        statement.Bind(2, (long)Applied.Index.Value);
        statement.Bind(3, (long)Applied.Term.Value);
        statement.Bind(4, (long)Time.Value);
        statement.Bind(5, Keys);
        statement.Bind(6, Bytes);
        statement.Bind(7, (long)Shape);
        statement.BindCopy(8, ShapeCodec.Encode(Descriptor));
        statement.BindCopy(9, ShapeCodec.Encode(Configuration));
    }
}
