namespace RaftDb.Raft;

/// <summary>A Raft term: a period with at most one leader. 0 is "before any term".</summary>
public readonly record struct Term(ulong Value) : IComparable<Term>
{
    /// <summary>The term before the first election.</summary>
    public static readonly Term Zero = new(0);

    /// <summary>The term after this one.</summary>
    public Term Next => new(Value + 1);

    /// <inheritdoc/>
    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();

    /// <summary>Order by number.</summary>
    public static bool operator <(Term a, Term b) => a.Value < b.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >(Term a, Term b) => a.Value > b.Value;

    /// <summary>Order by number.</summary>
    public static bool operator <=(Term a, Term b) => a.Value <= b.Value;

    /// <summary>Order by number.</summary>
    public static bool operator >=(Term a, Term b) => a.Value >= b.Value;
}
