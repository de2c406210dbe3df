namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>Keys by the time at which they expire, then in key order.</summary>
internal sealed class ExpiringKeys
{
    private readonly SortedSet<(long Expiry, byte[] Key)> _keys = new(Order.Instance);

    /// <summary>A key's expiry changes from one time to another; 0 = none.</summary>
    public void Move(ReadOnlySpan<byte> key, long before, long after)
    {
        byte[] copy = key.ToArray();
        if (before != 0)
        {
            _keys.Remove((before, copy));
        }

        if (after != 0)
        {
            _keys.Add((after, copy));
        }
    }

    /// <summary>All of them, from one on.</summary>
    public IEnumerable<(long Expiry, byte[] Key)> From((long Expiry, byte[] Key) first) =>
        _keys.Count == 0 || Order.Instance.Compare(_keys.Max, first) < 0 ? [] : _keys.GetViewBetween(first, _keys.Max);

    /// <summary>By time, then by key.</summary>
    internal sealed class Order : IComparer<(long Expiry, byte[] Key)>
    {
        public static readonly Order Instance = new();

        public int Compare((long Expiry, byte[] Key) x, (long Expiry, byte[] Key) y)
        {
            int byTime = x.Expiry.CompareTo(y.Expiry);
            return byTime != 0 ? byTime : x.Key.AsSpan().SequenceCompareTo(y.Key);
        }
    }
}
