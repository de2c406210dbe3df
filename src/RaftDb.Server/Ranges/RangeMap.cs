using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>Which range holds which keys. Immutable: a change is a new map. User ranges cover the whole key space without gap or overlap.</summary>
internal sealed class RangeMap
{
    private readonly RangeDescriptor[] _byStart;
    private readonly SortedDictionary<RangeId, RangeDescriptor> _byId = [];

    public RangeMap(IEnumerable<RangeDescriptor> descriptors)
    {
        foreach (RangeDescriptor descriptor in descriptors)
        {
            _byId.Add(descriptor.Id, descriptor);
        }

        _byStart = [.. _byId.Values.Where(d => d.Kind == RangeKind.KeyValue)];
        Array.Sort(_byStart, (a, b) => a.Start.Span.SequenceCompareTo(b.Start.Span));
        Raft.Check.That(_byStart.Length > 0 && _byStart[0].Start.IsEmpty && _byStart[^1].End is null);
        for (int i = 1; i < _byStart.Length; i++)
        {
            Raft.Check.That(_byStart[i - 1].End is { } end && end.Span.SequenceEqual(_byStart[i].Start.Span));
        }
    }

    /// <summary>All ranges, the meta range too, by id.</summary>
    public IReadOnlyCollection<RangeDescriptor> All => _byId.Values;

    /// <summary>User ranges in key order.</summary>
    public IReadOnlyList<RangeDescriptor> InKeyOrder => _byStart;

    public RangeDescriptor? Find(RangeId id) => _byId.GetValueOrDefault(id);

    /// <summary>The user range that holds a key.</summary>
    public RangeDescriptor Of(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = _byStart.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (key.SequenceCompareTo(_byStart[middle].Start.Span) >= 0)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return _byStart[low];
    }

    /// <summary>The user range where a descending scan below <paramref name="end"/> (exclusive; null = no end) begins.</summary>
    public RangeDescriptor Before(ReadOnlyMemory<byte>? end)
    {
        if (end is not { } key)
        {
            return _byStart[^1];
        }

        RangeDescriptor range = Of(key.Span);
        return range.Start.Span.SequenceEqual(key.Span) && !key.IsEmpty
            ? _byStart[Array.IndexOf(_byStart, range) - 1]
            : range;
    }
}
