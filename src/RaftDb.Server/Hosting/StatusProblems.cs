using RaftDb.Client.Protocol;

namespace RaftDb.Server.Hosting;

/// <summary>Says in words what is wrong with a cluster, and what to do.</summary>
internal static class StatusProblems
{
    private const ulong MuchLag = 10_000;

    public static IReadOnlyList<string> Find(IReadOnlyList<NodeStatus> nodes, IReadOnlyList<RangeStatus> ranges)
    {
        List<string> problems = [];
        foreach (NodeStatus node in nodes.Where(n => !n.Alive))
        {
            string cause = node.Suspicion is null ? "is not connected" : $"is not connected: {node.Suspicion}";
            problems.Add($"Node {node.Id} ({node.Peer}) {cause}. Start it again, or look at its diagnostics.");
        }

        foreach (RangeStatus range in ranges)
        {
            int alive = range.Replicas.Count(r => r.Role != "unusable" && nodes.Any(n => n.Id == r.Node && n.Alive));
            if (alive <= range.Replicas.Count / 2)
            {
                problems.Add($"Range {range.Id} has {alive} of {range.Replicas.Count} replicas good and up, and no quorum: it takes no writes and no linearizable reads until more are back.");
            }
            else if (range.Leader is null)
            {
                problems.Add($"Range {range.Id} has no leader that this node knows of.");
            }

            IReadOnlyList<string> notes = range.Notes ?? [];
            problems.AddRange(notes.Select(note => $"Range {range.Id}: {note}"));
            foreach (ReplicaStatus replica in range.Replicas.Where(r => r.Suspicion is not null && !(r.Role == "unusable" && notes.Count > 0) && nodes.Any(n => n.Id == r.Node && n.Alive)))
            {
                problems.Add($"The replica of range {range.Id} on node {replica.Node}: {replica.Suspicion!.TrimEnd('.')}.");
            }

            foreach (ReplicaStatus replica in range.Replicas.Where(r => r.Lag > MuchLag))
            {
                problems.Add($"The replica of range {range.Id} on node {replica.Node} is {replica.Lag} entries behind.");
            }
        }

        string[] versions = [.. nodes.Where(n => n.Sqlite is not null).Select(n => n.Sqlite!).Distinct().Order()];
        if (versions.Length > 1)
        {
            problems.Add($"Nodes run different SQLite versions ({string.Join(", ", versions)}). Give all of them the same library.");
        }

        return problems;
    }
}
