namespace RaftDb.Cli.Bench;

/// <summary>What a benchmark found.</summary>
internal sealed record BenchReport
{
    public required string Workload { get; init; }

    public required int Clients { get; init; }

    /// <summary>Requests that each client had in flight.</summary>
    public required int Pipeline { get; init; }

    /// <summary>batch: puts in a request; scan: keys in a page; else 1.</summary>
    public required int PerRequest { get; init; }

    public required int ValueSize { get; init; }

    public required int Keys { get; init; }

    public required string Ack { get; init; }

    public required string Consistency { get; init; }

    /// <summary>client or http.</summary>
    public required string Protocol { get; init; }

    /// <summary>Whether writes were done in sessions.</summary>
    public required bool Sessions { get; init; }

    public required int Ranges { get; init; }

    public required int Nodes { get; init; }

    public required int WarmUpSeconds { get; init; }

    /// <summary>Of the order of keys.</summary>
    public required int Seed { get; init; }

    /// <summary>A batch counts as its puts, a scan as one.</summary>
    public required long Ops { get; init; }

    public required double Seconds { get; init; }

    public required double OpsPerSecond { get; init; }

    public required long Errors { get; init; }

    public required IReadOnlyDictionary<string, long> ErrorsByCode { get; init; }

    public required double P50Ms { get; init; }

    public required double P99Ms { get; init; }

    public required double P999Ms { get; init; }

    public required double MaxMs { get; init; }

    /// <summary>The longest time without a success of any client.</summary>
    public required double LongestGapMs { get; init; }

    /// <summary>Requests by how long they took.</summary>
    public required IReadOnlyList<LatencyBucket> Histogram { get; init; }

    public static BenchReport Of(BenchSettings settings, LeaderMap map, IReadOnlyList<BenchClient> clients, SuccessGap gap, TimeSpan elapsed)
    {
        LatencyHistogram all = new();
        SortedDictionary<string, long> errors = new(StringComparer.Ordinal);
        foreach (BenchClient client in clients)
        {
            all.Add(client.Latencies);
            foreach ((string code, long count) in client.Errors)
            {
                errors[code] = errors.GetValueOrDefault(code) + count;
            }
        }

        return new()
        {
            Workload = settings.Workload,
            Clients = settings.Clients,
            Pipeline = settings.Pipeline,
            PerRequest = settings.Workload == "scan" ? settings.Page : settings.OperationsPerRequest,
            ValueSize = settings.ValueSize,
            Keys = settings.Keys,
            Ack = settings.Writes ? settings.Ack ?? "quorum" : "-",
            Consistency = !settings.Reads ? "-" : settings.Read.Consistency ?? "linearizable",
            Protocol = settings.Protocol,
            Sessions = settings is { Writes: true, Protocol: "client", Sessions: true, Ack: not "leader" },
            Ranges = map.Ranges,
            Nodes = map.Nodes.Length,
            WarmUpSeconds = settings.WarmUpSeconds,
            Seed = settings.Seed,
            Ops = all.Count * settings.OperationsPerRequest,
            Seconds = Math.Round(elapsed.TotalSeconds, 3),
            OpsPerSecond = Math.Round(all.Count * settings.OperationsPerRequest / elapsed.TotalSeconds, 1),
            Errors = errors.Values.Sum(),
            ErrorsByCode = errors,
            P50Ms = all.PercentileMilliseconds(0.5),
            P99Ms = all.PercentileMilliseconds(0.99),
            P999Ms = all.PercentileMilliseconds(0.999),
            MaxMs = Math.Round(all.Max / 1e6, 3),
            LongestGapMs = gap.LongestMilliseconds,
            Histogram = LatencyBucket.Of(all),
        };
    }
}
