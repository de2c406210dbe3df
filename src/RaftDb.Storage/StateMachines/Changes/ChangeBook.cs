using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>Keeps what entries change, while somebody watches: written in the transaction that makes the changes, on every replica alike, so that any of them can tell after a crash, a
/// failover or a snapshot. Costs one comparison per entry while nobody does. Used by the thread that
/// applies.</summary>
internal sealed class ChangeBook
{
    /// <summary>Entries above which the oldest quarter goes. All replicas must do alike: a constant of the format.</summary>
    private const long MaxEntries = 100_000;

    /// <summary>Bytes above which the oldest quarter goes.</summary>
    private const long MaxBytes = 64 << 20;

    private readonly IChangeTable _table;
    private KeptChanges _kept;
    private byte[] _buffer = new byte[4096];
    private int _length;

    public ChangeBook(IChangeTable table)
    {
        _table = table;
        _kept = table.Load();
    }

    /// <summary>Whether changes are kept.</summary>
    public bool IsOn => _kept.Until != 0;

    /// <summary>Has changes kept from here on until a time, or longer if they are kept already.</summary>
    public void KeepUntil(long until, ulong index, long now)
    {
        if (until <= now || until <= _kept.Until)
        {
            return;
        }

        ulong since = IsOn ? _kept.Since : index;
        _table.Store(since, until);
        _kept = _kept with { Since = since, Until = until };
    }

    /// <summary>An entry begins.</summary>
    public void Begin(long now)
    {
        _length = 0;
        if (now > _kept.Until)
        {
            // Nobody came back in time. What follows is not kept, so that what went before is of no use.
            _table.Clear();
            _table.Store(0, 0);
            _kept = default;
        }
    }

    /// <summary>A key has a new value.</summary>
    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong version)
    {
        if (IsOn)
        {
            SpanWriter writer = Room(1 + SpanWriter.MeasureBytes(key.Length) + SpanWriter.Measure(version) + SpanWriter.MeasureBytes(value.Length));
            writer.Byte(ChangeCodec.Put);
            writer.Bytes(key);
            writer.Number(version);
            writer.Bytes(value);
        }
    }

    /// <summary>A key is gone.</summary>
    public void Deleted(ReadOnlySpan<byte> key, bool expired)
    {
        if (IsOn)
        {
            SpanWriter writer = Room(1 + SpanWriter.MeasureBytes(key.Length));
            writer.Byte(expired ? ChangeCodec.Expired : ChangeCodec.Deleted);
            writer.Bytes(key);
        }
    }

    /// <summary>How far the changes of the entry under way go.</summary>
    public int Mark => _length;

    /// <summary>What the entry changed since <see cref="Mark"/> said so was taken back.</summary>
    public void RollBack(int mark) => _length = mark;

    /// <summary>An entry ends.</summary>
    public void End(ulong index)
    {
        if (_length == 0 || !IsOn)
        {
            return;
        }

        _table.Add(index, _buffer.AsSpan(0, _length));
        _kept.Entries++;
        _kept.Bytes += _length;
        if (_kept.Entries > MaxEntries || (_kept.Bytes > MaxBytes && _kept.Entries > 1))
        {
            ulong since = _table.DropOldest(Math.Max(1, _kept.Entries / 4));
            _table.Store(since, _kept.Until);
            _kept = _table.Load();
        }

        if (_buffer.Length > 1 << 20)
        {
            _buffer = new byte[4096];
        }
    }

    private SpanWriter Room(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        }

        _length += bytes;
        return new(_buffer.AsSpan(_length - bytes, bytes));
    }
}
