using System.Buffers;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>Writes the bytes of a <see cref="BatchCommand"/> item by item, without making one. Used again and again; not thread-safe.</summary>
public sealed class BatchWriter : IDisposable
{
    private const int SmallBuffer = 1024;

    private static readonly Condition[] NoGuard = [];
    private byte[] _bytes = [];
    private IReadOnlyList<Condition> _guard = NoGuard;
    private int _guardBytes = 1;
    private int _length;

    /// <summary>Items so far.</summary>
    public int Items { get; private set; }

    /// <summary>Conditions and operations so far.</summary>
    public int Operations { get; private set; }

    /// <summary>Bytes of the items so far.</summary>
    public int Bytes => _length;

    /// <summary>Whether items have sessions of their own: to be said before the first is added, and not together with a guard or <see cref="Session"/>.</summary>
    public bool ItemsInSessions { get; set; }

    /// <summary>Makes the whole one write of a session.</summary>
    public SessionWrite? Session { get; set; }

    /// <summary>Makes conditions the guard of the whole.</summary>
    public void Guard(IReadOnlyList<Condition> conditions)
    {
        Operations += conditions.Count - _guard.Count;
        _guard = conditions;
        _guardBytes = SpanWriter.Measure((ulong)conditions.Count);
        for (int i = 0; i < conditions.Count; i++)
        {
            _guardBytes = checked(_guardBytes + CommandCodec.Measure(conditions[i]));
        }
    }

    /// <summary>Adds an item.</summary>
    public void Add(ReadOnlySpan<Condition> conditions, ReadOnlySpan<Operation> then, ReadOnlySpan<Operation> otherwise, in SessionWrite? session = null)
    {
        Raft.Check.That(session is null || ItemsInSessions, "an item has a session in a batch whose items have none");
        long size = ItemsInSessions ? CommandCodec.MeasureItemSession(session) : 0;
        size += SpanWriter.Measure((ulong)conditions.Length) + Measure(then) + Measure(otherwise);
        foreach (ref readonly Condition condition in conditions)
        {
            size += CommandCodec.Measure(condition);
        }

        int needed = checked((int)(_length + size));
        if (needed > _bytes.Length)
        {
            Grow(needed);
        }

        var writer = new SpanWriter(_bytes.AsSpan(_length, (int)size));
        if (ItemsInSessions)
        {
            CommandCodec.WriteItemSession(session, ref writer);
        }

        writer.Number((ulong)conditions.Length);
        foreach (ref readonly Condition condition in conditions)
        {
            CommandCodec.Write(condition, ref writer);
        }

        Write(then, ref writer);
        Write(otherwise, ref writer);
        Raft.Check.That(writer.Position == size, $"an item was measured as {size} bytes and took {writer.Position}");
        _length = needed;
        Items++;
        Operations += conditions.Length + then.Length + otherwise.Length;
    }

    /// <summary>Bytes of the command.</summary>
    public int CommandBytes(ulong generation) =>
        checked(CommandCodec.FixedHeader + SpanWriter.Measure(generation) + (ItemsInSessions ? 0 : _guardBytes)
            + (Session is { } whole ? CommandCodec.Measure(whole) : 0) + SpanWriter.Measure((ulong)Items) + _length);

    /// <summary>The command in an array of its exact size.</summary>
    public byte[] ToCommand(HybridTimestamp time, ulong generation)
    {
        Raft.Check.That(!ItemsInSessions || (Session is null && _guard.Count == 0), "a batch has a session or a guard, and so have its items");
        byte[] command = GC.AllocateUninitializedArray<byte>(CommandBytes(generation));
        var writer = new SpanWriter(command);
        writer.Byte(CommandCodec.Format);
        writer.Byte((byte)(Session is not null ? CommandKind.SessionBatch : ItemsInSessions ? CommandKind.SessionItems : CommandKind.Batch));
        writer.Fixed64(time.Value);
        writer.Number(generation);
        if (Session is { } whole)
        {
            CommandCodec.Write(whole, ref writer);
        }

        if (!ItemsInSessions)
        {
            writer.Number((ulong)_guard.Count);
            for (int i = 0; i < _guard.Count; i++)
            {
                CommandCodec.Write(_guard[i], ref writer);
            }
        }

        writer.Number((ulong)Items);
        _bytes.AsSpan(0, _length).CopyTo(command.AsSpan(writer.Position));
        return command;
    }

    /// <summary>Forgets the items; a large buffer goes back to where it came from.</summary>
    public void Clear()
    {
        _length = 0;
        Items = 0;
        Operations = 0;
        _guard = NoGuard;
        _guardBytes = 1;
        ItemsInSessions = false;
        Session = null;
        if (_bytes.Length > 64 << 10)
        {
            Dispose();
        }
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }

    private void Grow(int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(SmallBuffer, (int)Math.Min(2L * _bytes.Length, Array.MaxLength))));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        Dispose();
        _bytes = larger;
    }

    private static long Measure(ReadOnlySpan<Operation> operations)
    {
        long size = SpanWriter.Measure((ulong)operations.Length);
        foreach (ref readonly Operation operation in operations)
        {
            size += CommandCodec.Measure(operation);
        }

        return size;
    }

    private static void Write(ReadOnlySpan<Operation> operations, ref SpanWriter writer)
    {
        writer.Number((ulong)operations.Length);
        foreach (ref readonly Operation operation in operations)
        {
            CommandCodec.Write(operation, ref writer);
        }
    }
}
