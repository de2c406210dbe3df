namespace RaftDb.Cli.Bench;

/// <summary>What a benchmark found.</summary>
internal sealed record BenchReport
{
    public required string Workload { get; init; }

    public required int Clients { get; init; }

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

    public required long Ops { get; init; }

    public required double Seconds { get; init; }

    public required double OpsPerSecond { get; init; }

    public required long Errors { get; init; }

    public required IReadOnlyDictionary<string, long> ErrorsByCode { get; init; }

    public required double P50Ms { get; init; }

    public required double P99Ms { get; init; }

    public required double P999Ms { get; init; }

    public required double MaxMs { get; init; }

    public static BenchReport Of(BenchSettings settings, LeaderMap map, IReadOnlyList<BenchClient> clients, TimeSpan elapsed)
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
            ValueSize = settings.ValueSize,
            Keys = settings.Keys,
            Ack = settings.Workload == "read" ? "-" : settings.Ack ?? "quorum",
            Consistency = settings.Workload == "write" ? "-" : settings.Read.Consistency ?? "linearizable",
            Protocol = settings.Protocol,
            Sessions = settings is { Protocol: "client", Sessions: true, Ack: not "leader" },
            Ranges = map.Ranges,
            Nodes = map.Nodes.Length,
            WarmUpSeconds = settings.WarmUpSeconds,
            Ops = all.Count,
            Seconds = Math.Round(elapsed.TotalSeconds, 3),
            OpsPerSecond = Math.Round(all.Count / elapsed.TotalSeconds, 1),
            Errors = errors.Values.Sum(),
            ErrorsByCode = errors,
            P50Ms = all.PercentileMilliseconds(0.5),
            P99Ms = all.PercentileMilliseconds(0.99),
            P999Ms = all.PercentileMilliseconds(0.999),
            MaxMs = Math.Round(all.Max / 1e6, 3),
        };
    }
}
