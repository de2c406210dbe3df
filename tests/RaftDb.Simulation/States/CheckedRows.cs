using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Memory;

namespace RaftDb.Simulation.States;

/// <summary>The rows twice: as immutable maps, and in the product's own layers in memory over a file that is written now and then. Whatever commands ask, both must say the same.</summary>
internal sealed class CheckedRows(SimTable model) : IKeyValueTable
{
    /// <summary>Entries after which a layer is sealed.</summary>
    private const ulong LayerEntries = 37;

    /// <summary>Layers above which the oldest is written.</summary>
    private const int MostLayers = 3;

    /// <summary>Little of both, so that what is known of rows is split, and pushed out, all the time.</summary>
    private const int SegmentSlots = 16;
    private const int Segments = 4;

    private readonly List<(MemTable Table, StateVersion? End)> _layers = [];
    private readonly RowFactsCache _known = new(new(Segments * SegmentSlots * RowFactsCache.SlotBytes), SegmentSlots);
    private SimFileRows _file = null!;
    private LayeredRows _layered = null!;
    private ulong _sealAt;

    /// <summary>Starts over with nothing in memory.</summary>
    public void Open(StateVersion version)
    {
        _file = new() { Version = version };
        _known.Dispose();
        _known.Keep(isLarge: true);
        _layered = new(_file, _known);
        _layers.Clear();
        Begin(version);
    }

    /// <summary>A batch begins, after this version.</summary>
    public void Batch(StateVersion version)
    {
        if (version.Meta.Applied.Index.Value < _sealAt)
        {
            return;
        }

        _layers[0] = (_layers[0].Table, version);
        if (_layers.Count == MostLayers)
        {
            _file.Version = _layers[^1].End!;
            _layers.RemoveAt(MostLayers - 1);
        }

        Begin(version);
    }

    public RowFacts Find(ReadOnlySpan<byte> key)
    {
        RowFacts facts = _layered.Find(key);
        Same(model.Find(key), facts, key);
        return facts;
    }

    public byte[]? Value(ReadOnlySpan<byte> key)
    {
        byte[]? value = _layered.Value(key);
        byte[]? expected = model.Value(key);
        Same((expected is null, true), (value is null, value.AsSpan().SequenceEqual(expected)), key);
        return value;
    }

    public bool ValueEquals(ReadOnlySpan<byte> key, ReadOnlySpan<byte> expected)
    {
        bool equals = _layered.ValueEquals(key, expected);
        Same(model.ValueEquals(key, expected), equals, key);
        return equals;
    }

    public void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong version, ulong index, long expiry, HybridTimestamp time)
    {
        model.Write(key, value, version, index, expiry, time);
        _layered.Write(key, value, version, index, expiry, time);
    }

    public void Delete(ReadOnlySpan<byte> key, ulong index)
    {
        model.Delete(key, index);
        _layered.Delete(key, index);
    }

    public (long Count, long Bytes, bool HadExpiry, bool More) DeleteRange(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, ulong index)
    {
        (long, long, bool, bool) deleted = _layered.DeleteRange(start, end, limit, index);
        Same(model.DeleteRange(start, end, limit, index), deleted, start);
        return deleted;
    }

    public void KeysBetween(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit, List<byte[]> keys)
    {
        List<byte[]> expected = [];
        model.KeysBetween(start, end, limit, expected);
        _layered.KeysBetween(start, end, limit, keys);
        Same(Text(expected), Text(keys), start);
    }

    public void Expired(long milliseconds, int limit, List<byte[]> keys)
    {
        List<byte[]> expected = [];
        model.Expired(milliseconds, limit, expected);
        _layered.Expired(milliseconds, limit, keys);
        Same(Text(expected), Text(keys), default);
    }

    public long EarliestExpiry()
    {
        long earliest = _layered.EarliestExpiry();
        Same(model.EarliestExpiry(), earliest, default);
        return earliest;
    }

    public void Savepoint()
    {
        model.Savepoint();
        _layered.Savepoint();
    }

    public void Release()
    {
        model.Release();
        _layered.Release();
    }

    public void RollBack()
    {
        model.RollBack();
        _layered.RollBack();
    }

    private static string Text(List<byte[]> keys) => string.Join(' ', keys.Select(Convert.ToHexString));

    private static void Same<T>(in T expected, in T given, ReadOnlySpan<byte> key)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, given))
        {
            Check.That(false, $"layers in memory say {given} of key {Convert.ToHexString(key)}, and the model {expected}");
        }
    }

    private void Begin(StateVersion version)
    {
        _sealAt = version.Meta.Applied.Index.Value + LayerEntries;
        _layers.Insert(0, (new(), null));
        _layered.Stack([.. _layers.Select(l => l.Table)]);
    }
}
