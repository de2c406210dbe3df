namespace RaftDb.Raft;

/// <summary>The position of an entry in a range's log. The first entry has index 1; 0 is "before the log".</summary>
public readonly record struct LogIndex(ulong Value) : IComparable<LogIndex>
{
    /// <summary>The position before the first entry.</summary>
    public static readonly LogIndex Zero = new(0);

    /// <summary>The position after this one.</summary>
    public LogIndex Next => new(Value + 1);

    /// <summary>The position before this one; 0 has none.</summary>
    public LogIndex Previous => new(checked(Value - 1));

    /// <inheritdoc/>
    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();

    /// <summary>Order by number.</summary>
    public static bool operator <(LogIndex a, LogIndex b) => a.Value < b.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >(LogIndex a, LogIndex b) => a.Value > b.Value;

    /// <summary>Order by number.</summary>
    public static bool operator <=(LogIndex a, LogIndex b) => a.Value <= b.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >=(LogIndex a, LogIndex b) => a.Value >= b.Value;

    /// <summary>The position <paramref name="count"/> entries later.</summary>
    public static LogIndex operator +(LogIndex a, ulong count) => new(checked(a.Value + count));

    /// <summary>How many entries lie between the two; <paramref name="b"/> must not be the later one.</summary>
    public static ulong operator -(LogIndex a, LogIndex b) => checked(a.Value - b.Value);

    /// <summary>The later of the two.</summary>
    public static LogIndex Max(LogIndex a, LogIndex b) => a > b ? a : b;

    /// <summary>The earlier of the two.</summary>
    public static LogIndex Min(LogIndex a, LogIndex b) => a < b ? a : b;
}
