namespace RaftDb.Storage;

/// <summary>A hybrid logical clock's reading: 48 bits of milliseconds since 1970 and 16 bits of a counter. Ordered like its number.</summary>
public readonly record struct HybridTimestamp(ulong Value) : IComparable<HybridTimestamp>
{
    /// <summary>From milliseconds since 1970 and a counter.</summary>
    public static HybridTimestamp Of(long milliseconds, ushort counter) => new(((ulong)milliseconds << 16) | counter);

    /// <summary>Milliseconds since 1970.</summary>
    public long Milliseconds => (long)(Value >> 16);

    /// <summary>The logical part.</summary>
    public ushort Counter => (ushort)Value;

    /// <inheritdoc/>
    public int CompareTo(HybridTimestamp other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => $"{Milliseconds}.{Counter}";
}
