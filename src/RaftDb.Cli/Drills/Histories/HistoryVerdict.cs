namespace RaftDb.Cli.Drills.Histories;

/// <summary>What the check of a history came to.</summary>
internal enum HistoryVerdict : byte
{
    /// <summary>There is an order that fits all answers, their times, and what each read promised.</summary>
    Linearizable,

    /// <summary>There is none.</summary>
    NotLinearizable,

    /// <summary>The search reached its limits first.</summary>
    Undecided,
}

/// <summary>A key whose history is not good, or not decided.</summary>
/// <param name="Key">The key.</param>
/// <param name="Verdict">Not linearizable, or undecided.</param>
/// <param name="Broken">The strongest promise that was broken: without the weaker reads there is an order; null when undecided.</param>
/// <param name="Explanation">For people: the longest order that fits, and what does not fit after it.</param>
internal sealed record KeyFinding(string Key, HistoryVerdict Verdict, ReadPromise? Broken, string Explanation);

/// <summary>What the check of all keys came to.</summary>
/// <param name="Keys">Keys checked.</param>
/// <param name="Operations">Operations checked.</param>
/// <param name="Unknown">How many of them had no known outcome.</param>
/// <param name="Findings">Keys that are not linearizable, then those that are undecided.</param>
internal sealed record HistoryReport(int Keys, int Operations, int Unknown, IReadOnlyList<KeyFinding> Findings)
{
    public HistoryVerdict Verdict => Findings.Count == 0 ? HistoryVerdict.Linearizable : Findings[0].Verdict;
}
