namespace RaftDb.Client.Protocol;

/// <summary>The body of POST /v1/check.</summary>
/// <param name="Range">The range to check; null = all.</param>
public sealed record CheckRequest(ulong? Range);

/// <summary>The answer to POST /v1/check.</summary>
/// <param name="Equal">Whether every replica of every range was compared and all are equal.</param>
/// <param name="Ranges">What was found, by range.</param>
public sealed record CheckDocument(bool Equal, IReadOnlyList<RangeCheck> Ranges);

/// <summary>What a check has found in one range.</summary>
/// <param name="Range">The range.</param>
/// <param name="Verdict">equal, differs, or incomplete (something could not be compared, which is no pass).</param>
/// <param name="Detail">What to know or do; null when all is well.</param>
/// <param name="Replicas">Its voters.</param>
public sealed record RangeCheck(ulong Range, string Verdict, string? Detail, IReadOnlyList<ReplicaCheck> Replicas);

/// <summary>What a check has found in one replica.</summary>
/// <param name="Node">Its node.</param>
/// <param name="Replica">Its replica id.</param>
/// <param name="Index">The last applied index at which it was compared; null when it was not.</param>
/// <param name="Keys">How many keys were compared.</param>
/// <param name="Digest">The root of the digests of all slices, in lower-case hex.</param>
/// <param name="Verdict">equal, differs, damaged (SQLite's own check), or unchecked.</param>
/// <param name="Detail">Why, and what was done.</param>
/// <param name="Differs">The key intervals whose rows differ from those of the majority; at most 16 are named.</param>
public sealed record ReplicaCheck(
    ulong Node, ulong Replica, ulong? Index, long? Keys, string? Digest, string Verdict, string? Detail, IReadOnlyList<KeyInterval> Differs);

/// <summary>Keys from Start up to End.</summary>
/// <param name="Start">First key, inclusive; null = unbounded.</param>
/// <param name="End">End, exclusive; null = unbounded.</param>
public sealed record KeyInterval(BinaryText? Start, BinaryText? End);

/// <summary>The words of <see cref="RangeCheck.Verdict"/> and <see cref="ReplicaCheck.Verdict"/>.</summary>
public static class CheckVerdicts
{
    /// <summary>Everything was compared, and is equal.</summary>
    public const string Equal = "equal";

    /// <summary>Rows, or what is not rows, differ.</summary>
    public const string Differs = "differs";

    /// <summary>SQLite finds the file damaged.</summary>
    public const string Damaged = "damaged";

    /// <summary>A replica that could not be compared.</summary>
    public const string Unchecked = "unchecked";

    /// <summary>A range of which not every replica could be compared.</summary>
    public const string Incomplete = "incomplete";
}
