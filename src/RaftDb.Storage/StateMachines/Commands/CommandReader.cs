using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>What stands at the head of every command.</summary>
internal readonly record struct CommandHeader(CommandKind Kind, HybridTimestamp Time, ulong Generation);

/// <summary>A condition whose bytes still lie in the command.</summary>
internal readonly record struct ConditionView(ConditionKind Kind, Slice Key, ulong Number, Slice Value);

/// <summary>An operation whose bytes still lie in the command.</summary>
internal readonly record struct OperationView(
    OperationKind Kind, Slice Key, Slice Value, Slice End, long Number, long TtlMilliseconds)
{
    /// <summary>Whether it can change anything.</summary>
    public bool Writes => Kind != OperationKind.Get;
}

/// <summary>Reads a command from front to back where it lies, without allocating: this is what apply uses.</summary>
internal ref struct CommandReader(ReadOnlySpan<byte> command)
{
    private SpanReader _reader = new(command);

    /// <summary>Where reading goes on; see <see cref="CommandReader.At"/>.</summary>
    public readonly int Position => _reader.Position;

    /// <summary>The bytes of a slice.</summary>
    public readonly ReadOnlySpan<byte> this[Slice slice] => _reader[slice];

    /// <summary>The head; must come first.</summary>
    public CommandHeader Header()
    {
        byte format = _reader.Byte();
        if (format != CommandCodec.Format)
        {
            throw new UnknownCommandException($"Command format {format} is not known here (only {CommandCodec.Format}): this node needs a newer version.");
        }

        var kind = (CommandKind)_reader.Byte();
        if (kind is (< CommandKind.Transaction or > CommandKind.KeepChanges) and not (>= CommandKind.Batch and <= CommandKind.SessionBatch))
        {
            throw new UnknownCommandException($"Command kind {(byte)kind} is not known here: this node needs a newer version.");
        }

        return new(kind, new(_reader.Fixed64()), _reader.Number());
    }

    /// <summary>The session of a command that has one; comes right behind the head.</summary>
    public SessionWrite Session() => new(
        new(_reader.Fixed128()), _reader.Number(), _reader.Number(), (uint)Math.Min(_reader.Number(), uint.MaxValue));

    /// <summary>The session of the item that follows; null when it has none.</summary>
    public SessionWrite? ItemSession() => _reader.Byte() == 0 ? null : Session();

    /// <summary>The idle time of an expiry of sessions, or the time until which changes are kept.</summary>
    public long Milliseconds() => (long)Math.Min(_reader.Number(), long.MaxValue);

    /// <summary>How many conditions or operations follow.</summary>
    public int Count() => _reader.Count();

    /// <summary>The limit of an expiry.</summary>
    public int Limit() => (int)Math.Min(_reader.Number(), int.MaxValue);

    /// <summary>The next condition.</summary>
    public ConditionView Condition()
    {
        var kind = (ConditionKind)_reader.Byte();
        Slice key = _reader.Bytes();
        return kind switch
        {
            ConditionKind.Version or ConditionKind.Index or ConditionKind.Exists => new(kind, key, _reader.Number(), default),
            ConditionKind.Value => new(kind, key, 0, _reader.Bytes()),
            _ => throw new UnknownCommandException($"Condition kind {(byte)kind} is not known here: this node needs a newer version."),
        };
    }

    /// <summary>The next operation.</summary>
    public OperationView Operation()
    {
        var kind = (OperationKind)_reader.Byte();
        Slice key = _reader.Bytes();
        switch (kind)
        {
            case OperationKind.Put:
                long ttl = (long)Math.Min(_reader.Number(), long.MaxValue);
                return new(kind, key, _reader.Bytes(), default, 0, ttl);
            case OperationKind.Delete or OperationKind.Get:
                return new(kind, key, default, default, 0, 0);
            case OperationKind.DeleteRange:
                Slice end = _reader.Bytes();
                return new(kind, key, default, end, _reader.Signed(), 0);
            case OperationKind.Increment:
                return new(kind, key, default, default, _reader.Signed(), 0);
            case OperationKind.Append:
                long most = (long)Math.Min(_reader.Number(), long.MaxValue);
                return new(kind, key, _reader.Bytes(), default, most, 0);
            case OperationKind.Overwrite:
                return new(kind, key, _reader.Bytes(), default, 0, 0);
            case OperationKind.Expire:
                return new(kind, key, default, default, 0, (long)Math.Min(_reader.Number(), long.MaxValue));
            default:
                throw new UnknownCommandException($"Operation kind {(byte)kind} is not known here: this node needs a newer version.");
        }
    }

    /// <summary>Nothing may follow.</summary>
    public readonly void End() => _reader.End();

    /// <summary>A reader of the same command that goes on at an earlier <see cref="Position"/>.</summary>
    public static CommandReader At(ReadOnlySpan<byte> command, int position)
    {
        var reader = new CommandReader(command);
        reader._reader.Skip(position);
        return reader;
    }
}
