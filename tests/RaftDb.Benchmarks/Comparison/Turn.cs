using System.Diagnostics;
using RaftDb.Benchmarks.Comparison.Processes;
using RaftDb.Benchmarks.Comparison.Systems;

namespace RaftDb.Benchmarks.Comparison;

/// <summary>One system's turn in a round: fresh servers, all loads, then failures. What can't be measured is told, and the turn goes on.</summary>
internal sealed class Turn(ISystem system, ComparisonSettings settings, TextWriter progress)
{
    /// <summary>Bytes in a look that are no more than a heartbeat's.</summary>
    private const long QuietBytes = 256 * 1024;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestSettling = TimeSpan.FromSeconds(20);

    private readonly BlockDevice? _device = BlockDevice.Under(settings.Data);
    private int _filled;

    public List<TurnFigure> Loads { get; } = [];

    public FailureFigures? Failures { get; private set; }

    /// <summary>What could not be measured, and why.</summary>
    public List<string> Failed { get; } = [];

    public async Task RunAsync(string directory, CancellationToken cancel)
    {
        if (await TriedAsync("start", () => system.StartAsync(directory, cancel), cancel))
        {
            // Large values last: they would weigh on everything after them.
            ILookup<bool, Load> plan = settings.Plan().Where(system.Supports).ToLookup(load => load.ValueSize > 100);
            await LoadsAsync(plan[false], cancel);
            if (settings.Fails && system is IReplicatedSystem replicated)
            {
                FailureTurn failing = new(replicated, settings, SettledAsync, progress);
                Failures = await failing.RunAsync(_filled, cancel);
                Failed.AddRange(Failures.Failed);
            }

            await LoadsAsync(plan[true], cancel);
            await TriedAsync("stop", () => system.StopAsync(cancel), cancel);
        }
    }

    private async Task LoadsAsync(IEnumerable<Load> loads, CancellationToken cancel)
    {
        foreach (Load load in loads)
        {
            foreach (string variant in system.Variants(load))
            {
                await LoadAsync(load, variant, cancel);
            }
        }
    }

    private async Task LoadAsync(Load load, string variant, CancellationToken cancel)
    {
        string name = variant.Length == 0 ? system.Name : $"{system.Name}, {variant}";
        LoadFigures? figures = null;
        string? failed = await Attempt.RunAsync(async () => figures = await MeasureAsync(load, variant, cancel), cancel);
        if (figures is { OpsPerSecond: 0, Errors: var errors })
        {
            (figures, failed) = (null, $"not one request was answered, {errors} failed");
        }

        Loads.Add(new(name, load, figures, failed));
        string what = $"{name}: {load.Name}, {load.Clients} clients";
        if (failed is not null)
        {
            Failed.Add($"{load.Name}, {load.Clients} clients{(variant.Length > 0 ? $", {variant}" : "")}: {failed}");
        }

        await progress.WriteLineAsync(figures is null
            ? $"  {what}: FAILED: {failed}"
            : FormattableString.Invariant($"  {what}: {figures.OpsPerSecond:N0}/s{(figures.P50Ms is null ? "" : FormattableString.Invariant($", p50 {figures.P50Ms:0.00} ms, p99 {figures.P99Ms:0.00} ms"))}{(figures.Errors > 0 ? $", {figures.Errors} errors" : "")}"));
    }

    private async Task<LoadFigures> MeasureAsync(Load load, string variant, CancellationToken cancel)
    {
        // 1. What is read must be there, and what is written is not new.
        int keys = load.Kind == LoadKind.Fill ? 0 : Math.Max(load.Keys, Load.FewKeys);
        if (_filled < keys)
        {
            await system.FillAsync(keys, 100, cancel);
            _filled = keys;
            await SettledAsync(cancel);
        }

        if (load.ValueSize != 100)
        {
            await system.FillAsync(load.Keys, load.ValueSize, cancel);
            await SettledAsync(cancel);
        }

        // 2. The load, and what it costs.
        long? writtenBefore = await WrittenAsync(all: !load.Reads, cancel);
        ProcessCost before = ProcessCost.Of(system.Pids);
        LoadFigures figures = load.Kind == LoadKind.Fill
            ? await FillAsync(load, cancel)
            : await system.RunAsync(load, variant, settings.Seconds, settings.WarmUpSeconds, cancel);
        ProcessCost after = ProcessCost.Of(system.Pids);
        long? written = await WrittenAsync(all: !load.Reads, cancel) - writtenBefore;
        return figures with
        {
            ServerCpuPerThousand = figures.Driven > 0 ? (after.CpuSeconds - before.CpuSeconds) * 1000 / figures.Driven : null,
            MemoryBytes = after.MemoryBytes,
            AnonymousBytes = after.AnonymousBytes,
            WrittenPerByte = load.Reads || figures.Driven == 0 ? null : written / (figures.Driven * (16 + load.ValueSize) * system.Pids.Count),
        };
    }

    private async Task<LoadFigures> FillAsync(Load load, CancellationToken cancel)
    {
        Stopwatch watch = Stopwatch.StartNew();
        await system.FillAsync(load.Keys, load.ValueSize, cancel);
        double seconds = watch.Elapsed.TotalSeconds;
        _filled = load.Keys;

        // What it left to be done later is part of its cost, and not of the next load's.
        await SettledAsync(cancel);
        return new() { OpsPerSecond = load.Keys / seconds, Errors = 0, Driven = load.Keys };
    }

    /// <summary>Until next to nothing was written for a moment, or long enough.</summary>
    private async Task SettledAsync(CancellationToken cancel)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Stopwatch quiet = Stopwatch.StartNew();
        long? written = await WrittenAsync(all: false, cancel);
        while (quiet.Elapsed < Quiet && watch.Elapsed < LongestSettling)
        {
            await Task.Delay(Look, cancel);
            long? now = await WrittenAsync(all: false, cancel);
            if (now - written > QuietBytes)
            {
                quiet.Restart();
            }

            written = now;
        }
    }

    private async Task<long?> WrittenAsync(bool all, CancellationToken cancel) => _device is null ? null : await _device.WrittenAsync(all, cancel);

    private async Task<bool> TriedAsync(string what, Func<Task> work, CancellationToken cancel)
    {
        if (await Attempt.RunAsync(work, cancel) is not { } failed)
        {
            return true;
        }

        Failed.Add($"{what}: {failed}");
        await progress.WriteLineAsync($"  {system.Name}: {what}: FAILED: {failed}");
        return false;
    }
}
