using System.Globalization;
using RaftDb.Client.Protocol;

namespace RaftDb.Client.Health;

/// <summary>What a health check tells of a cluster's status.</summary>
/// <param name="Leaderless">Ranges that have no leader, as text; empty when each has one.</param>
/// <param name="Problems">What the node that was asked finds wrong, as text.</param>
/// <param name="Data">Numbers to report.</param>
internal sealed record ClusterStatusFacts(string Leaderless, string Problems, IReadOnlyDictionary<string, object> Data)
{
    public static ClusterStatusFacts Of(ClusterStatus status) => new(
        string.Join(", ", status.Ranges.Where(range => range.Leader is null).Select(range => range.Id.ToString(CultureInfo.InvariantCulture))),
        string.Join(" ", status.Problems),
        new Dictionary<string, object>
        {
            ["cluster"] = status.Cluster,
            ["nodes"] = status.Nodes.Count,
            ["alive"] = status.Nodes.Count(node => node.Alive),
            ["ranges"] = status.Ranges.Count,
        });
}
