using System.Globalization;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>What each node of a drill says, asked one by one: never through another.</summary>
internal sealed class ClusterView(ClusterProcesses cluster) : IAsyncDisposable
{
    private readonly Dictionary<ulong, RaftDbClient> _clients = cluster.Nodes.ToDictionary(
        node => node.Id, node => new RaftDbClient([node.Http], new RaftDbClientOptions { Protocol = ClientProtocol.Http, Timeout = TimeSpan.FromSeconds(10), AttemptTimeout = TimeSpan.FromSeconds(3) }));

    public RaftDbClient ClientOf(ulong node) => _clients[node];

    public Task<ClusterStatus> StatusAsync(ulong node, CancellationToken cancel) => _clients[node].StatusAsync(cancel);

    /// <summary>The user ranges, as a node sees them.</summary>
    public async Task<IReadOnlyList<RangeStatus>> RangesAsync(ulong node, CancellationToken cancel) =>
        [.. (await StatusAsync(node, cancel)).Ranges.Where(range => range.Kind != "meta")];

    /// <summary>A node's state of a range: what its own replica has applied; null when it says nothing of itself.</summary>
    public static ulong? AppliedOn(RangeStatus range, ulong node) => range.Replicas.FirstOrDefault(replica => replica.Node == node)?.Applied;

    /// <summary>Waits until every node has applied the same index of every range, with nothing committed beyond it.</summary>
    public async Task ConvergedAsync(TimeSpan within, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(within);
        string why = "";
        try
        {
            while ((why = await WhyNotConvergedAsync(limit.Token)).Length > 0)
            {
                await Task.Delay(20, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new RefusedException($"The replicas did not come to the same applied index within {within.TotalSeconds:0} s: {why}");
        }
    }

    /// <summary>All keys and values that one node's own replicas have.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAllAsync(ulong node, CancellationToken cancel)
    {
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        ScanOptions options = new()
        {
            Prefix = DrillKeys.Prefix,
            Read = new ReadOptions { Consistency = "eventual", Replica = node.ToString(CultureInfo.InvariantCulture) },
        };
        await foreach (Client.ScanItem item in _clients[node].ScanAsync(options, cancel))
        {
            all.Add(new Bytes(item.Key).ToString(), new Bytes(item.Value).ToString());
        }

        return all;
    }

    /// <summary>Why the digests of the replicas of a range differ at the same applied index; null when they are equal.</summary>
    public async Task<string?> WhyDigestsDifferAsync(ulong range, CancellationToken cancel)
    {
        const int Tries = 20;
        Dictionary<ulong, RangeDigest> digests = [];
        for (int i = 0; i < Tries; i++)
        {
            foreach (ulong node in _clients.Keys)
            {
                digests[node] = await _clients[node].GetJsonAsync<RangeDigest>($"/v1/ranges/{range}/digest", null, cancel);
            }

            if (digests.Values.Select(digest => digest.Index).Distinct().Count() == 1)
            {
                return digests.Values.Distinct().Count() == 1
                    ? null
                    : $"The digests of range {range} differ at index {digests.Values.First().Index}: {Text(digests)}.";
            }

            await Task.Delay(50, cancel);
        }

        return $"The digests of range {range} could not be taken at one index: {Text(digests)}.";
    }

    /// <summary>A counter of a node's /metrics, summed over its labels; 0 when it isn't there yet.</summary>
    public async Task<double> CounterAsync(ulong node, string name, CancellationToken cancel)
    {
        string text = await _clients[node].GetTextAsync("/metrics", null, cancel);
        return SumCounter(text, name);
    }

    public static double SumCounter(string metrics, string name)
    {
        double sum = 0;
        foreach (string line in metrics.Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is ' ' or '{')
            {
                int labelsEnd = line.LastIndexOf('}');
                string value = line[(labelsEnd < 0 ? name.Length : labelsEnd + 1)..].Trim().Split(' ')[0];
                sum += double.Parse(value, CultureInfo.InvariantCulture);
            }
        }

        return sum;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RaftDbClient client in _clients.Values)
        {
            await client.DisposeAsync();
        }
    }

    private static string Text(Dictionary<ulong, RangeDigest> digests) =>
        string.Join("; ", digests.Select(pair => $"node {pair.Key}: index {pair.Value.Index}, {pair.Value.Keys} keys, {pair.Value.Hash}"));

    private async Task<string> WhyNotConvergedAsync(CancellationToken cancel)
    {
        Dictionary<ulong, (ulong Node, ulong Applied)> first = [];
        foreach (ulong node in _clients.Keys)
        {
            foreach (RangeStatus range in (await StatusAsync(node, cancel)).Ranges)
            {
                if (range.Leader is null)
                {
                    return $"range {range.Id} has no leader, says node {node}";
                }

                if (AppliedOn(range, node) is not { } applied || applied < range.Commit)
                {
                    return $"node {node} has not applied range {range.Id} up to {range.Commit}";
                }

                if (first.TryGetValue(range.Id, out (ulong Node, ulong Applied) other) && other.Applied != applied)
                {
                    return $"range {range.Id} is at {other.Applied} on node {other.Node} and at {applied} on node {node}";
                }

                first.TryAdd(range.Id, (node, applied));
            }
        }

        return "";
    }
}
