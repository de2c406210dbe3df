using System.Diagnostics;
using RaftDb.Benchmarks.Comparison.Processes;
using RaftDb.Benchmarks.Comparison.Systems;

namespace RaftDb.Benchmarks.Comparison;

/// <summary>One system's turn in a round: fresh servers, all loads, then failures.</summary>
internal sealed class Turn(ISystem system, ComparisonSettings settings, TextWriter progress)
{
    /// <summary>Keys that are there from the beginning.</summary>
    private const int FewKeys = 100_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public List<(Load Load, LoadFigures Figures)> Loads { get; } = [];

    public FailureFigures? Failures { get; private set; }

    public async Task RunAsync(string directory, CancellationToken cancel)
    {
        await system.StartAsync(directory, cancel);
        int filled = 0;
        foreach (Load load in settings.Plan().Where(system.Supports))
        {
            // 1. What is read must be there.
            int keys = Math.Max(load.Keys, FewKeys);
            if (filled < keys)
            {
                await system.FillAsync(keys, 100, cancel);
                filled = keys;
            }

            if (load.Reads && load.ValueSize != 100)
            {
                await system.FillAsync(load.Keys, load.ValueSize, cancel);
            }

            // 2. The load, and what it costs.
            ProcessCost before = ProcessCost.Of(system.Pids);
            LoadFigures figures = await system.RunAsync(load, settings.Seconds, settings.WarmUpSeconds, cancel);
            ProcessCost after = ProcessCost.Of(system.Pids);
            figures = figures with
            {
                ServerCpuPerThousand = (after.CpuSeconds - before.CpuSeconds) * 1000 / figures.Driven,
                MemoryBytes = after.MemoryBytes,
                WrittenPerByte = load.Reads ? null : (after.WrittenBytes - before.WrittenBytes) / (figures.Driven * (16 + load.ValueSize) * system.Pids.Count),
            };
            Loads.Add((load, figures));
            await progress.WriteLineAsync($"  {system.Name}: {load.Name}, {load.Clients} clients: {figures.OpsPerSecond:N0}/s, p50 {figures.P50Ms:0.00} ms, p99 {figures.P99Ms:0.00} ms");
        }

        // 3. Nodes that die and come back.
        if (settings.MissedWrites > 0 && system is IReplicatedSystem replicated)
        {
            Failures = await FailAsync(replicated, filled, cancel);
            await progress.WriteLineAsync(
                $"  {system.Name}: gap {Failures.FailoverGapMs:N0} ms, {Failures.MissedWrites:N0} missed writes in {Failures.CatchUpSeconds:0.00} s, restart with {filled:N0} keys {Failures.RestartSeconds:0.00} s");
        }

        await system.StopAsync(cancel);
    }

    private async Task<FailureFigures> FailAsync(IReplicatedSystem replicated, int filled, CancellationToken cancel)
    {
        // 1. The leader dies under load, and comes back.
        Load load = new(LoadKind.Put, 16);
        int leader = await replicated.LeaderAsync(cancel);
        Task<LoadFigures> underLoad = replicated.RunAsync(load, 8, 2, cancel);
        await Task.Delay(TimeSpan.FromSeconds(5), cancel);
        replicated.Kill(leader);
        LoadFigures figures = await underLoad;
        replicated.Restart(leader);
        await CaughtUpAsync(replicated, leader, cancel);

        // 2. A follower misses writes.
        leader = await replicated.LeaderAsync(cancel);
        int follower = (leader + 1) % 3;
        ulong before = await AppliedAsync(replicated, leader, cancel);
        replicated.Kill(follower);
        while (await AppliedAsync(replicated, leader, cancel) - before < (ulong)settings.MissedWrites)
        {
            await replicated.RunAsync(new(LoadKind.Put, 256), 4, 0, cancel);
        }

        ulong missed = await AppliedAsync(replicated, leader, cancel) - before;
        Stopwatch watch = Stopwatch.StartNew();
        replicated.Restart(follower);
        await CaughtUpAsync(replicated, follower, cancel);
        double catchUp = watch.Elapsed.TotalSeconds;

        // 3. A follower is killed and started again, with nothing missed.
        replicated.Kill(follower);
        watch.Restart();
        replicated.Restart(follower);
        await CaughtUpAsync(replicated, follower, cancel);
        return new()
        {
            System = replicated.Name,
            FailoverGapMs = figures.LongestGapMs ?? throw new ComparisonException($"{replicated.Name}'s load generator tells no longest gap."),
            CatchUpSeconds = catchUp,
            MissedWrites = (int)missed,
            RestartSeconds = watch.Elapsed.TotalSeconds,
            Keys = filled,
        };
    }

    /// <summary>Until the node has applied what the leader has now.</summary>
    private static async Task CaughtUpAsync(IReplicatedSystem replicated, int node, CancellationToken cancel)
    {
        ulong goal = await AppliedAsync(replicated, await replicated.LeaderAsync(cancel), cancel);
        await Waiting.UntilAsync(
            $"Node {node + 1} of {replicated.Name}", Patience, async () => await replicated.AppliedAsync(node, cancel) is { } applied && applied >= goal, cancel);
    }

    private static async Task<ulong> AppliedAsync(IReplicatedSystem replicated, int node, CancellationToken cancel) =>
        await replicated.AppliedAsync(node, cancel) ?? throw new ComparisonException($"Node {node + 1} of {replicated.Name} does not answer.");
}
