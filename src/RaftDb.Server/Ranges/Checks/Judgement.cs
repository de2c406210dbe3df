using RaftDb.Raft;

namespace RaftDb.Server.Ranges.Checks;

/// <summary>Who is right where replicas show different digests of the same keys at the same index.</summary>
/// <param name="Right">The root that a majority of at least three answers has; null when nobody can tell.</param>
/// <param name="Wrong">Who has another one; empty when nobody can tell.</param>
/// <param name="AllEqual">All answers are the same.</param>
internal sealed record Judgement(string? Right, IReadOnlyList<ReplicaId> Wrong, bool AllEqual)
{
    /// <summary>With two answers that differ, or without a majority, nobody can tell: nobody is condemned then, and people must look.</summary>
    private const int FewestToCondemn = 3;

    public static Judgement Of(IReadOnlyList<(ReplicaId Replica, string Root)> answers)
    {
        if (answers.Count == 0)
        {
            return new(null, [], true);
        }

        (string root, int count) = answers.GroupBy(a => a.Root).Select(g => (g.Key, g.Count())).MaxBy(g => g.Item2);
        if (count == answers.Count)
        {
            return new(root, [], true);
        }

        return answers.Count >= FewestToCondemn && count > answers.Count / 2
            ? new(root, [.. answers.Where(a => a.Root != root).Select(a => a.Replica)], false)
            : new(null, [], false);
    }
}
