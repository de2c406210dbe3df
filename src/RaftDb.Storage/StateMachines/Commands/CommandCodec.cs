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
}

/// <summary>Commands as bytes: format, kind, time (8 bytes, little-endian), generation, then the session if the kind has one (16 bytes), sequence,
/// acknowledged mark and part, then conditions and both branches, each with a count ahead; or the limit of an expiry, behind the idle
/// time if sessions expire; or until when changes are kept. These bytes stand in logs for ever: a change is a new format or a new kind, never another meaning.</summary>
public static class CommandCodec
{
    /// <summary>The format's version.</summary>
    public const byte Format = 1;

    private const int FixedHeader = 10;

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
                size += SpanWriter.Measure((ulong)transaction.Conditions.Count);
                for (int i = 0; i < transaction.Conditions.Count; i++)
                {
                    size = checked(size + Measure(transaction.Conditions[i]));
                }

                return checked(size + Measure(transaction.Then) + Measure(transaction.Else));
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
        else
        {
            SessionWrite? session = header.Kind == CommandKind.SessionTransaction ? reader.Session() : null;
            var conditions = new Condition[reader.Count()];
            for (int i = 0; i < conditions.Length; i++)
            {
                ConditionView view = reader.Condition();
                conditions[i] = new(view.Kind, Of(bytes, view.Key), view.Number, Of(bytes, view.Value));
            }

            Operation[] then = Operations(bytes, ref reader);
            command = new TransactionCommand(header.Time, header.Generation, conditions, then, Operations(bytes, ref reader), session);
        }

        reader.End();
        return command;
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

    private static int Measure(in SessionWrite session) =>
        SessionId.Bytes + SpanWriter.Measure(session.Sequence) + SpanWriter.Measure(session.Acknowledged) + SpanWriter.Measure(session.Part);

    private static int Measure(in Condition condition) =>
        1 + SpanWriter.MeasureBytes(condition.Key.Length) + (condition.Kind == ConditionKind.Value
            ? SpanWriter.MeasureBytes(condition.Value.Length)
            : SpanWriter.Measure(condition.Number));

    private static int Measure(IReadOnlyList<Operation> operations)
    {
        int size = SpanWriter.Measure((ulong)operations.Count);
        for (int i = 0; i < operations.Count; i++)
        {
            size = checked(size + Measure(operations[i]));
        }

        return size;
    }

    private static int Measure(in Operation operation) => checked(1 + SpanWriter.MeasureBytes(operation.Key.Length) + operation.Kind switch
    {
        OperationKind.Put => SpanWriter.Measure((ulong)operation.TtlMilliseconds) + SpanWriter.MeasureBytes(operation.Value.Length),
        OperationKind.DeleteRange => SpanWriter.MeasureBytes(operation.End.Length) + SpanWriter.MeasureSigned(operation.Number),
        OperationKind.Increment => SpanWriter.MeasureSigned(operation.Number),
        _ => 0,
    });

    private static void Write(Command command, Span<byte> destination)
    {
        var writer = new SpanWriter(destination);
        writer.Byte(Format);
        writer.Byte((byte)KindOf(command));
        writer.Fixed64(command.Time.Value);
        writer.Number(command.Generation);
        if (command is ExpireCommand expire)
        {
            writer.Number((ulong)expire.Limit);
        }
        else if (command is KeepChangesCommand keep)
        {
            writer.Number((ulong)keep.Until);
        }
        else if (command is ExpireSessionsCommand sessions)
        {
            writer.Number((ulong)sessions.IdleMilliseconds);
            writer.Number((ulong)sessions.Limit);
        }
        else if (command is TransactionCommand transaction)
        {
            if (transaction.Session is { } session)
            {
                Write(session, ref writer);
            }

            writer.Number((ulong)transaction.Conditions.Count);
            for (int i = 0; i < transaction.Conditions.Count; i++)
            {
                Write(transaction.Conditions[i], ref writer);
            }

            Write(transaction.Then, ref writer);
            Write(transaction.Else, ref writer);
        }

        Raft.Check.That(writer.Position == destination.Length, $"command was measured as {destination.Length} bytes and took {writer.Position}");
    }

    private static CommandKind KindOf(Command command) => command switch
    {
        ExpireCommand => CommandKind.Expire,
        ExpireSessionsCommand => CommandKind.ExpireSessions,
        KeepChangesCommand => CommandKind.KeepChanges,
        TransactionCommand { Session: not null } => CommandKind.SessionTransaction,
        _ => CommandKind.Transaction,
    };

    private static void Write(in SessionWrite session, ref SpanWriter writer)
    {
        writer.Fixed128(session.Session.Value);
        writer.Number(session.Sequence);
        writer.Number(session.Acknowledged);
        writer.Number(session.Part);
    }

    private static void Write(in Condition condition, ref SpanWriter writer)
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

    private static void Write(IReadOnlyList<Operation> operations, ref SpanWriter writer)
    {
        writer.Number((ulong)operations.Count);
        for (int i = 0; i < operations.Count; i++)
        {
            Operation operation = operations[i];
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
            }
        }
    }
}
