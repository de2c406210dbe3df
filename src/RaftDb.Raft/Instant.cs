namespace RaftDb.Raft;

/// <summary>A reading of the node's monotonic clock, in nanoseconds since an arbitrary start. Only comparable with
/// readings of the same process.</summary>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    /// <summary>A time that never comes.</summary>
    public static readonly Instant Never = new(long.MaxValue);

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>This time plus a duration; <see cref="Never"/> stays.</summary>
    public static Instant operator +(Instant a, TimeSpan b) =>
        a == Never ? Never : new(checked(a.Nanoseconds + (b.Ticks * 100)));

    /// <summary>The duration from <paramref name="b"/> to <paramref name="a"/>.</summary>
    public static TimeSpan operator -(Instant a, Instant b) => new((a.Nanoseconds - b.Nanoseconds) / 100);

    /// <summary>Earlier.</summary>
    public static bool operator <(Instant a, Instant b) => a.Nanoseconds < b.Nanoseconds;

    /// <summary>Later.</summary>
    public static bool operator >(Instant a, Instant b) => a.Nanoseconds > b.Nanoseconds;

    /// <summary>Earlier or the same.</summary>
    public static bool operator <=(Instant a, Instant b) => a.Nanoseconds <= b.Nanoseconds;

    /// <summary>Later or the same.</summary>
    public static bool operator >=(Instant a, Instant b) => a.Nanoseconds >= b.Nanoseconds;

    /// <summary>The earlier of the two.</summary>
    public static Instant Min(Instant a, Instant b) => a < b ? a : b;
}
