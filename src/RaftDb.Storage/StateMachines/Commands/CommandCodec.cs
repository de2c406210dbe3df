using System.Buffers;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>The kinds of commands as they stand in the log.</summary>
internal enum CommandKind : byte
{
    /// <summary>See <see cref="TransactionCommand"/>.</summary>
    Transaction = 1,

    /// <summary>See <see cref="ExpireCommand"/>.</summary>
    Expire = 2,

    /// <summary>A <see cref="TransactionCommand"/> with a session.</summary>
    SessionTransaction = 3,

    /// <summary>See <see cref="ExpireSessionsCommand"/>.</summary>
    ExpireSessions = 4,

    /// <summary>See <see cref="KeepChangesCommand"/>.</summary>
    KeepChanges = 5,

    /// <summary>See <see cref="BatchCommand"/>.</summary>
    Batch = 8,

    /// <summary>A <see cref="BatchCommand"/> without a guard, some of whose items have sessions of their own.</summary>
    SessionItems = 9,

    /// <summary>A <see cref="BatchCommand"/> that is one write of a session.</summary>
    SessionBatch = 10,
}

/// <summary>Commands as bytes: format, kind, time (8 bytes, little-endian), generation, then the session if the kind has one (16 bytes), sequence, acknowledged mark and part, then
/// conditions and both branches, each with a count ahead; or the limit of an expiry, behind the idle time if sessions expire; or until when changes are kept; or the guard of a
/// batch, a count of items and each as a transaction has it (where items have sessions: a byte ahead of each, 1 with a session behind it, or 0, and no guard). These bytes stand in logs for ever: a change is a new format or a new kind, never another meaning.</summary>
public static class CommandCodec
{
    /// <summary>The format's version.</summary>
    public const byte Format = 1;

    /// <summary>Bytes of format, kind and time.</summary>
    internal const int FixedHeader = 10;

    /// <summary>Bytes that the command takes.</summary>
    public static int Measure(Command command)
    {
        int size = FixedHeader + SpanWriter.Measure(command.Generation);
        switch (command)
        {
            case ExpireCommand expire:
                return checked(size + SpanWriter.Measure((ulong)expire.Limit));
            case KeepChangesCommand keep:
                return checked(size + SpanWriter.Measure((ulong)keep.Until));
            case ExpireSessionsCommand expire:
                return checked(size + SpanWriter.Measure((ulong)expire.IdleMilliseconds) + SpanWriter.Measure((ulong)expire.Limit));
            case TransactionCommand transaction:
                size += transaction.Session is { } session ? Measure(session) : 0;
                return checked(size + Measure(new BatchItem(transaction.Conditions, transaction.Then, transaction.Else)));
            case BatchCommand batch:
                bool sessions = HasSessions(batch);
                size += batch.Session is { } whole ? Measure(whole) : 0;
                size = checked(size + (sessions ? 0 : Measure(batch.Guard)) + SpanWriter.Measure((ulong)batch.Items.Count));
                for (int i = 0; i < batch.Items.Count; i++)
                {
                    size = checked(size + (sessions ? MeasureItemSession(batch.Items[i].Session) : 0) + Measure(batch.Items[i]));
                }

                return size;
            default:
                throw new ArgumentException($"{command.GetType().Name} has no encoding.", nameof(command));
        }
    }

    /// <summary>The command in an array of its exact size.</summary>
    public static byte[] Encode(Command command)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Measure(command));
        Write(command, bytes);
        return bytes;
    }

    /// <summary>Appends the command to a writer; returns its size.</summary>
    public static int Encode(Command command, IBufferWriter<byte> destination)
    {
        int size = Measure(command);
        Write(command, destination.GetSpan(size)[..size]);
        destination.Advance(size);
        return size;
    }

    /// <summary>Reads a command; keys and values are slices of <paramref name="bytes"/>. Throws <see cref="UnknownCommandException"/>.</summary>
    public static Command Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CommandReader(bytes.Span);
        CommandHeader header = reader.Header();
        Command command;
        if (header.Kind == CommandKind.Expire)
        {
            command = new ExpireCommand(header.Time, header.Generation, reader.Limit());
        }
        else if (header.Kind == CommandKind.KeepChanges)
        {
            command = new KeepChangesCommand(header.Time, header.Generation, reader.Milliseconds());
        }
        else if (header.Kind == CommandKind.ExpireSessions)
        {
            command = new ExpireSessionsCommand(header.Time, header.Generation, reader.Milliseconds(), reader.Limit());
        }
        else if (header.Kind is CommandKind.Batch or CommandKind.SessionItems or CommandKind.SessionBatch)
        {
            SessionWrite? whole = header.Kind == CommandKind.SessionBatch ? reader.Session() : null;
            Condition[] guard = header.Kind == CommandKind.SessionItems ? [] : Conditions(bytes, ref reader);
            var items = new BatchItem[reader.Count()];
            for (int i = 0; i < items.Length; i++)
            {
                SessionWrite? own = header.Kind == CommandKind.SessionItems ? reader.ItemSession() : null;
                items[i] = Item(bytes, ref reader) with { Session = own };
            }

            command = new BatchCommand(header.Time, header.Generation, guard, items, whole);
        }
        else
        {
            SessionWrite? session = header.Kind == CommandKind.SessionTransaction ? reader.Session() : null;
            BatchItem item = Item(bytes, ref reader);
            command = new TransactionCommand(header.Time, header.Generation, item.Conditions, item.Then, item.Else, session);
        }

        reader.End();
        return command;
    }

    /// <summary>Bytes that one condition takes.</summary>
    internal static int Measure(in Condition condition) =>
        1 + SpanWriter.MeasureBytes(condition.Key.Length) + (condition.Kind == ConditionKind.Value
            ? SpanWriter.MeasureBytes(condition.Value.Length)
            : SpanWriter.Measure(condition.Number));

    /// <summary>Bytes that one operation takes.</summary>
    internal static int Measure(in Operation operation) => checked(1 + SpanWriter.MeasureBytes(operation.Key.Length) + operation.Kind switch
    {
        OperationKind.Put => SpanWriter.Measure((ulong)operation.TtlMilliseconds) + SpanWriter.MeasureBytes(operation.Value.Length),
        OperationKind.DeleteRange => SpanWriter.MeasureBytes(operation.End.Length) + SpanWriter.MeasureSigned(operation.Number),
        OperationKind.Increment => SpanWriter.MeasureSigned(operation.Number),
        OperationKind.Append => SpanWriter.Measure((ulong)operation.Number) + SpanWriter.MeasureBytes(operation.Value.Length),
        OperationKind.Overwrite => SpanWriter.MeasureBytes(operation.Value.Length),
        OperationKind.Expire => SpanWriter.Measure((ulong)operation.TtlMilliseconds),
        _ => 0,
    });

    /// <summary>Writes one condition.</summary>
    internal static void Write(in Condition condition, ref SpanWriter writer)
    {
        writer.Byte((byte)condition.Kind);
        writer.Bytes(condition.Key.Span);
        if (condition.Kind == ConditionKind.Value)
        {
            writer.Bytes(condition.Value.Span);
        }
        else
        {
            writer.Number(condition.Number);
        }
    }

    /// <summary>Writes one operation.</summary>
    internal static void Write(in Operation operation, ref SpanWriter writer)
    {
        writer.Byte((byte)operation.Kind);
        writer.Bytes(operation.Key.Span);
        switch (operation.Kind)
        {
            case OperationKind.Put:
                writer.Number((ulong)operation.TtlMilliseconds);
                writer.Bytes(operation.Value.Span);
                break;
            case OperationKind.DeleteRange:
                writer.Bytes(operation.End.Span);
                writer.Signed(operation.Number);
                break;
            case OperationKind.Increment:
                writer.Signed(operation.Number);
                break;
            case OperationKind.Append:
                writer.Number((ulong)operation.Number);
                writer.Bytes(operation.Value.Span);
                break;
            case OperationKind.Overwrite:
                writer.Bytes(operation.Value.Span);
                break;
            case OperationKind.Expire:
                writer.Number((ulong)operation.TtlMilliseconds);
                break;
        }
    }

    private static BatchItem Item(ReadOnlyMemory<byte> bytes, ref CommandReader reader)
    {
        Condition[] conditions = Conditions(bytes, ref reader);
        Operation[] then = Operations(bytes, ref reader);
        return new(conditions, then, Operations(bytes, ref reader));
    }

    private static Condition[] Conditions(ReadOnlyMemory<byte> bytes, ref CommandReader reader)
    {
        int count = reader.Count();
        var conditions = count == 0 ? [] : new Condition[count];
        for (int i = 0; i < count; i++)
        {
            ConditionView view = reader.Condition();
            conditions[i] = new(view.Kind, Of(bytes, view.Key), view.Number, Of(bytes, view.Value));
        }

        return conditions;
    }

    private static Operation[] Operations(ReadOnlyMemory<byte> bytes, ref CommandReader reader)
    {
        int count = reader.Count();
        var operations = count == 0 ? [] : new Operation[count];
        for (int i = 0; i < count; i++)
        {
            OperationView view = reader.Operation();
            operations[i] = new(view.Kind, Of(bytes, view.Key), Of(bytes, view.Value), Of(bytes, view.End), view.Number, view.TtlMilliseconds);
        }

        return operations;
    }

    private static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> bytes, Slice slice) => bytes.Slice(slice.Start, slice.Length);

    private static bool HasSessions(BatchCommand batch)
    {
        if (batch.Session is not null || batch.Guard.Count > 0)
        {
            return false;
        }

        for (int i = 0; i < batch.Items.Count; i++)
        {
            if (batch.Items[i].Session is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static int Measure(in BatchItem item) => checked(Measure(item.Conditions) + Measure(item.Then) + Measure(item.Else));

    private static int Measure(IReadOnlyList<Condition> conditions)
    {
        int size = SpanWriter.Measure((ulong)conditions.Count);
        for (int i = 0; i < conditions.Count; i++)
        {
            size = checked(size + Measure(conditions[i]));
        }

        return size;
    }

    private static int Measure(IReadOnlyList<Operation> operations)
    {
        int size = SpanWriter.Measure((ulong)operations.Count);
        for (int i = 0; i < operations.Count; i++)
        {
            size = checked(size + Measure(operations[i]));
        }

        return size;
    }

    private static void Write(Command command, Span<byte> destination)
    {
        var writer = new SpanWriter(destination);
        writer.Byte(Format);
        writer.Byte((byte)KindOf(command));
        writer.Fixed64(command.Time.Value);
        writer.Number(command.Generation);
        switch (command)
        {
            case ExpireCommand expire:
                writer.Number((ulong)expire.Limit);
                break;
            case KeepChangesCommand keep:
                writer.Number((ulong)keep.Until);
                break;
            case ExpireSessionsCommand sessions:
                writer.Number((ulong)sessions.IdleMilliseconds);
                writer.Number((ulong)sessions.Limit);
                break;
            case TransactionCommand transaction:
                if (transaction.Session is { } session)
                {
                    Write(session, ref writer);
                }

                Write(new BatchItem(transaction.Conditions, transaction.Then, transaction.Else), ref writer);
                break;
            case BatchCommand batch:
                if (batch.Session is { } whole)
                {
                    Write(whole, ref writer);
                }

                bool ofItems = HasSessions(batch);
                if (!ofItems)
                {
                    Write(batch.Guard, ref writer);
                }

                writer.Number((ulong)batch.Items.Count);
                for (int i = 0; i < batch.Items.Count; i++)
                {
                    if (ofItems)
                    {
                        WriteItemSession(batch.Items[i].Session, ref writer);
                    }

                    Write(batch.Items[i], ref writer);
                }

                break;
        }

        Raft.Check.That(writer.Position == destination.Length, $"command was measured as {destination.Length} bytes and took {writer.Position}");
    }

    private static CommandKind KindOf(Command command) => command switch
    {
        ExpireCommand => CommandKind.Expire,
        ExpireSessionsCommand => CommandKind.ExpireSessions,
        KeepChangesCommand => CommandKind.KeepChanges,
        BatchCommand { Session: not null } => CommandKind.SessionBatch,
        BatchCommand batch => HasSessions(batch) ? CommandKind.SessionItems : CommandKind.Batch,
        TransactionCommand { Session: not null } => CommandKind.SessionTransaction,
        _ => CommandKind.Transaction,
    };

    /// <summary>Bytes that say whether an item has a session, and which.</summary>
    internal static int MeasureItemSession(in SessionWrite? session) => 1 + (session is { } write ? Measure(write) : 0);

    /// <summary>Bytes of a session.</summary>
    internal static int Measure(in SessionWrite session) =>
        SessionId.Bytes + SpanWriter.Measure(session.Sequence) + SpanWriter.Measure(session.Acknowledged) + SpanWriter.Measure(session.Part);

    /// <summary>Writes whether an item has a session, and which.</summary>
    internal static void WriteItemSession(in SessionWrite? session, ref SpanWriter writer)
    {
        writer.Byte(session is null ? (byte)0 : (byte)1);
        if (session is { } write)
        {
            Write(write, ref writer);
        }
    }

    /// <summary>Writes a session.</summary>
    internal static void Write(in SessionWrite session, ref SpanWriter writer)
    {
        writer.Fixed128(session.Session.Value);
        writer.Number(session.Sequence);
        writer.Number(session.Acknowledged);
        writer.Number(session.Part);
    }

    private static void Write(in BatchItem item, ref SpanWriter writer)
    {
        Write(item.Conditions, ref writer);
        Write(item.Then, ref writer);
        Write(item.Else, ref writer);
    }

    private static void Write(IReadOnlyList<Condition> conditions, ref SpanWriter writer)
    {
        writer.Number((ulong)conditions.Count);
        for (int i = 0; i < conditions.Count; i++)
        {
            Write(conditions[i], ref writer);
        }
    }

    private static void Write(IReadOnlyList<Operation> operations, ref SpanWriter writer)
    {
        writer.Number((ulong)operations.Count);
        for (int i = 0; i < operations.Count; i++)
        {
            Write(operations[i], ref writer);
        }
    }
}
