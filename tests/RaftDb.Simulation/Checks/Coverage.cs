using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.Checks;

/// <summary>How often runs came into the situation of each row of the table of known failures in docs/testing.md. A row that never came up was not tested, whatever the verdict.</summary>
internal static class Coverage
{
    private static readonly string[] Rows =
    [
        "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9",
        "D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "E1", "E2", "F1", "F2", "F3", "F4", "F5", "F6", "G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "H1", "H2", "H3", "H4", "H5", "H6",
    ];

    /// <summary>Rows that whole simulated nodes can't come to, and why.</summary>
    private static readonly Dictionary<string, string> NotHere = new()
    {
        ["A11"] = "a configuration without voters is refused before it is proposed",
        ["C8"] = "no splits yet",
        ["C9"] = "no splits yet",
        ["F6"] = "state files keep what a checkpoint made durable; tested on real files",
        ["H3"] = "no commands of a later version; tested on real state machines",
    };

    /// <summary>Writes the table. Answers the rows that should have come up and did not.</summary>
    public static IReadOnlyList<string> Write(Marks marks, TextWriter to)
    {
        List<string> missing = [];
        foreach (string row in Rows)
        {
            if (NotHere.TryGetValue(row, out string? why))
            {
                to.WriteLine($"  {row,-3} {"-",12}  {why}");
                continue;
            }

            long hits = 0;
            List<string> situations = [];
            foreach ((string name, long count) in marks.All)
            {
                if (name.StartsWith(row + " ", StringComparison.Ordinal))
                {
                    hits += count;
                    situations.Add($"{name[(row.Length + 1)..]} {count}");
                }
            }

            to.WriteLine($"  {row,-3} {hits,12}  {string.Join("; ", situations)}");
            if (hits == 0)
            {
                missing.Add(row);
            }
        }

        return missing;
    }
}
