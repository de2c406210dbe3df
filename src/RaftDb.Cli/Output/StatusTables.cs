using System.Globalization;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Output;

/// <summary>The cluster's state as people read it.</summary>
internal static class StatusTables
{
    public static Table Nodes(IEnumerable<NodeStatus> nodes)
    {
        Table table = new("Node", "State", "HTTP", "RESP", "Peer", "Zone", "Replicas", "Leads");
        foreach (NodeStatus node in nodes)
        {
            table.Add(
                Text(node.Id), node.Alive ? "up" : "DOWN", Known(node.Http), Known(node.Resp), node.Peer, Known(node.Zone), Text(node.Ranges), Text(node.Leaders));
        }

        return table;
    }

    public static Table Ranges(IEnumerable<RangeStatus> ranges)
    {
        Table table = new("Range", "Keys from", "to", "Leader", "Term", "Commit", "Followers (lag)", "Keys", "Size");
        foreach (RangeStatus range in ranges)
        {
            IEnumerable<string> followers = range.Replicas.Where(replica => replica.Node != range.Leader).Select(Follower);
            table.Add(
                range.Kind == "meta" ? $"{range.Id} (meta)" : Text(range.Id),
                Key(range.Start, "(first)"),
                Key(range.End, "(last)"),
                range.Leader is { } leader ? Text(leader) : "NONE",
                Text(range.Term),
                Text(range.Commit),
                string.Join(", ", followers),
                Text(range.Keys),
                Size(range.Bytes));
        }

        return table;
    }

    /// <summary>What the node reports, and what the tables themselves show to be wrong.</summary>
    public static IReadOnlyList<string> Problems(ClusterStatus status)
    {
        List<string> problems = [.. status.Problems];
        foreach (NodeStatus node in status.Nodes)
        {
            if (!node.Alive && !problems.Any(problem => Names(problem, "node", node.Id)))
            {
                problems.Add($"Node {node.Id} does not answer ({node.Suspicion ?? "no connection"}). Start it again, or look at its diagnostics.");
            }
        }

        foreach (RangeStatus range in status.Ranges)
        {
            if (range.Leader is null && !problems.Any(problem => Names(problem, "range", range.Id)))
            {
                problems.Add($"Range {range.Id} has no leader: it takes no writes until a majority of its replicas is up. Start the nodes that are down.");
            }

            foreach (ReplicaStatus replica in range.Replicas)
            {
                if (replica.Suspicion is { } suspicion && !problems.Any(problem => problem.Contains(suspicion, StringComparison.Ordinal)))
                {
                    problems.Add($"Range {range.Id} on node {replica.Node}: {suspicion}");
                }
            }
        }

        return problems;
    }

    public static string Size(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1024L * 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.0} GiB"),
    };

    private static string Follower(ReplicaStatus replica)
    {
        string state = replica.Role is "follower" or "unknown" ? "" : $" {replica.Role}";
        string sending = replica.State is null or "replicate" ? "" : $" {replica.State}";
        return $"{replica.Node}{state}{sending} ({(replica.Lag is { } lag ? Text(lag) : "?")})";
    }

    private static bool Names(string problem, string what, ulong id) =>
        problem.Contains($"{what} {id} ", StringComparison.OrdinalIgnoreCase)
        || problem.Contains($"{what} {id}:", StringComparison.OrdinalIgnoreCase)
        || problem.EndsWith($"{what} {id}", StringComparison.OrdinalIgnoreCase);

    private static string Known(string? text) => string.IsNullOrEmpty(text) ? "-" : text;

    private static string Key(BinaryText? key, string unbounded) => key is { } bytes ? KeyText.Show(bytes.Bytes.Span, hex: false) : unbounded;

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
