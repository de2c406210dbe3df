namespace RaftDb.Cli.Drills.Histories;

/// <summary>
/// Checks a history key by key: a history is linearizable exactly when that of each key is. Reads of weaker promises are checked in the
/// same search: a bounded read may take effect some time before it was asked, a session read any time after what its client was told, an
/// eventual read any time. So all promises hold together, for one and the same order of the writes.
/// </summary>
internal static class HistoryChecker
{
    /// <summary>Session reads last: an eventual read says what a session saw, so it must be good itself before a session is blamed.</summary>
    private static readonly ReadPromise[] OrderOfBlame = [ReadPromise.Linearizable, ReadPromise.Bounded, ReadPromise.Eventual, ReadPromise.Session];

    public static HistoryReport Check(History history, SearchLimits? limits = null)
    {
        List<KeyFinding> findings = [];
        int unknown = 0;
        foreach (string key in history.Keys)
        {
            unknown += history[key].Count(one => one.Outcome == OperationOutcome.Unknown);
            if (CheckKey(key, history[key], limits) is { } finding)
            {
                findings.Add(finding);
            }
        }

        return new(history.Keys.Count, history.Count, unknown, [.. findings.OrderBy(finding => finding.Verdict)]);
    }

    /// <summary>Null when the key's history is good.</summary>
    public static KeyFinding? CheckKey(string key, IReadOnlyList<Operation> operations, SearchLimits? limits = null)
    {
        SearchLimits within = limits ?? new();
        if (Run(operations, within).Verdict == HistoryVerdict.Linearizable)
        {
            return null;
        }

        // It is not good. Which promise is the first that breaks it? Strong operations alone, then the weaker reads, kind by kind.
        List<ReadPromise> kinds = [];
        foreach (ReadPromise promise in OrderOfBlame)
        {
            kinds.Add(promise);
            IReadOnlyList<Operation> part = [.. operations.Where(one => one.Kind != OperationKind.Read || kinds.Contains(one.Promise))];
            (HistoryVerdict verdict, KeyPlan plan) = Run(part, within);
            if (verdict != HistoryVerdict.Linearizable)
            {
                return verdict == HistoryVerdict.Undecided
                    ? new(key, verdict, null, $"{key}: undecided after {within.MaxSteps} steps or {within.MaxBytes >> 20} MiB, with {part.Count} operations.")
                    : new(key, verdict, promise, Explanation.Of(key, promise, plan));
            }
        }

        // Each part is good, so only the limits can have ended the search of the whole.
        return new(key, HistoryVerdict.Undecided, null, $"{key}: undecided.");
    }

    private static (HistoryVerdict Verdict, KeyPlan Plan) Run(IReadOnlyList<Operation> operations, SearchLimits limits)
    {
        KeyPlan plan = new(operations);
        return (new Linearizer(plan, limits).Run(), plan);
    }
}
