namespace RaftDb.Cli.Drills;

/// <summary>What is wrong with the replicas' data, measured by what the writers were told.</summary>
internal sealed record Verdict
{
    public long Checked { get; init; }

    /// <summary>Acknowledged writes that some replica doesn't have, or has with another value; each counted once.</summary>
    public long Lost { get; init; }

    public long UnknownPresent { get; init; }

    public long UnknownAbsent { get; init; }

    /// <summary>What is wrong, a sentence each; not more than a few of a kind.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];

    public bool Passed => Failures.Count == 0;
}

/// <summary>Holds every replica's data against the ledger.</summary>
internal static class Verifier
{
    private const int SayAtMost = 5;

    /// <param name="ledger">What the writers were told.</param>
    /// <param name="replicas">By node: its keys and values.</param>
    public static Verdict Check(AckLedger ledger, IReadOnlyDictionary<ulong, IReadOnlyDictionary<string, string>> replicas)
    {
        List<string> failures = [];
        long lost = 0, present = 0, absent = 0, wrong = 0, differing = 0, seen = 0;
        for (int writer = 0; writer < ledger.Writers; writer++)
        {
            IReadOnlyList<WriteOutcome> outcomes = ledger[writer].Outcomes();
            for (int sequence = 0; sequence < outcomes.Count; sequence++)
            {
                seen++;
                string key = DrillKeys.Key(writer, sequence);
                string value = DrillKeys.Value(writer, sequence);
                ulong[] have = [.. replicas.Where(replica => replica.Value.TryGetValue(key, out string? found) && found == value).Select(replica => replica.Key)];
                ulong[] other = [.. replicas.Where(replica => replica.Value.TryGetValue(key, out string? found) && found != value).Select(replica => replica.Key)];
                if (other.Length > 0)
                {
                    Say(failures, ++wrong, $"{key} has a value on node {string.Join(", ", other)} that nobody wrote.");
                }

                switch (outcomes[sequence])
                {
                    case WriteOutcome.Acknowledged when have.Length < replicas.Count:
                        Say(failures, ++lost, $"LOST: {key} was acknowledged and is missing on node {string.Join(", ", replicas.Keys.Except(have))}.");
                        break;
                    case WriteOutcome.Refused when have.Length > 0:
                        Say(failures, ++wrong, $"{key} was refused and is there on node {string.Join(", ", have)}.");
                        break;
                    case WriteOutcome.Unknown when have.Length > 0 && have.Length < replicas.Count:
                        Say(failures, ++differing, $"{key}, whose outcome is unknown, is there on node {string.Join(", ", have)} only.");
                        break;
                    case WriteOutcome.Unknown when have.Length > 0:
                        present++;
                        break;
                    case WriteOutcome.Unknown:
                        absent++;
                        break;
                }
            }
        }

        long strange = 0;
        foreach ((ulong node, IReadOnlyDictionary<string, string> data) in replicas)
        {
            foreach (string key in data.Keys)
            {
                if (!DrillKeys.IsRegister(key)
                    && (!DrillKeys.TryParse(key, out int writer, out int sequence) || writer >= ledger.Writers || sequence >= ledger[writer].Next))
                {
                    Say(failures, ++strange, $"{key} on node {node} was never written.");
                }
            }
        }

        Sum(failures, lost, "acknowledged writes are lost");
        Sum(failures, wrong, "values are wrong");
        Sum(failures, differing, "writes of unknown outcome differ between replicas");
        Sum(failures, strange, "keys were never written");
        return new() { Checked = seen, Lost = lost, UnknownPresent = present, UnknownAbsent = absent, Failures = failures };
    }

    private static void Say(List<string> failures, long count, string text)
    {
        if (count <= SayAtMost)
        {
            failures.Add(text);
        }
    }

    private static void Sum(List<string> failures, long count, string text)
    {
        if (count > SayAtMost)
        {
            failures.Add($"{count} {text} in all.");
        }
    }
}
