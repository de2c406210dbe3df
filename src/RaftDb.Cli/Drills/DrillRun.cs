using System.Diagnostics;
using RaftDb.Cli.Output;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>A drill while it runs: the cluster, the load, and what was found so far.</summary>
internal sealed class DrillRun(Drill drill, DrillSettings settings, ClusterProcesses cluster, Progress progress) : IAsyncDisposable
{
    private readonly List<string> _failures = [];
    private Workload? _load;
    private HistoryLoad? _historyLoad;
    private CounterLoad? _counters;
    private int _clients;

    public DrillSettings Settings { get; } = settings;

    public ClusterProcesses Cluster { get; } = cluster;

    public ClusterView View { get; } = new(cluster);

    public AckLedger Ledger { get; } = new(settings.Writers);

    /// <summary>What the clients of <see cref="StartHistoryLoad"/> did; checked at the end.</summary>
    public HistoryRecorder Recorder { get; } = new();

    /// <summary>What chance there is comes from it.</summary>
    public int Seed { get; } = settings.Seed ?? Random.Shared.Next(1, 1_000_000);

    public Progress Progress { get; } = progress;

    public List<double> Gaps { get; } = [];

    public SortedDictionary<string, double> Measured { get; } = new(StringComparer.Ordinal);

    public int Rounds { get; set; }

    public int LeaderChanges { get; set; }

    public IReadOnlyList<string> Failures => _failures;

    public void Fail(string why)
    {
        _failures.Add(why);
        Progress.Step($"FAILED: {why}");
    }

    public async Task StartClusterAsync(CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        Cluster.StartAll();
        await Cluster.ReadyAsync(Cluster.Nodes, TimeSpan.FromSeconds(60), cancel);
        if (drill.BreaksLinks)
        {
            await Cluster.StopAllAsync(cancel);
            Cluster.ConnectThroughLinks();
            Cluster.StartAll();
            await Cluster.ReadyAsync(Cluster.Nodes, TimeSpan.FromSeconds(60), cancel);
        }

        Progress.Step(FormattableString.Invariant(
            $"{Cluster.Nodes.Count} nodes are ready after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.00} s: {string.Join(", ", Cluster.Nodes.Select(node => $"node {node.Id} on {node.Http}"))}"));
    }

    /// <summary>The counters, once their load has ended; null without.</summary>
    public CounterLoad? Counters { get; private set; }

    public void StartLoad()
    {
        _load = new Workload(Ledger, Cluster.HttpEndpoints, drill.RetriesUnknownOutcomes);
        StartCounters();
    }

    public void StartHistoryLoad(int keys)
    {
        HistoryLoadSettings load = new(Settings.Writers, Settings.Keys ?? keys, Settings.Writers, Seed);
        _historyLoad = new HistoryLoad(Recorder, Cluster, load, NextClient(HistoryLoad.ClientsOf(load, Cluster)));
        StartCounters();
    }

    private void StartCounters()
    {
        if (Settings.Counters > 0)
        {
            _counters = new CounterLoad(Cluster.HttpEndpoints, Settings.Counters, Settings.Writers, Seed);
        }
    }

    /// <summary>Numbers for clients of the history; none is used twice.</summary>
    public int NextClient(int count) => (_clients += count) - count + 1;

    public async Task StopLoadAsync()
    {
        if (_counters is { } counters)
        {
            await counters.StopAsync();
            Counters = counters;
            _counters = null;
            Measured["increments"] = counters.Issued;
            Measured["increments_sent_again"] = counters.Repeated;
        }

        if (_historyLoad is { } historyLoad)
        {
            await historyLoad.StopAsync();
            await historyLoad.DisposeAsync();
            _historyLoad = null;
        }

        if (_load is { } load)
        {
            await load.StopAsync();
            await load.DisposeAsync();
            _load = null;
        }
    }

    public Task LoadForAsync(double seconds, CancellationToken cancel) => Task.Delay(TimeSpan.FromSeconds(seconds), cancel);

    public async Task AcknowledgedAsync(long atLeast, CancellationToken cancel)
    {
        while (Ledger.Acknowledged < atLeast)
        {
            Progress.Live($"{Ledger.Acknowledged} of {atLeast} writes");
            await Task.Delay(20, cancel);
        }
    }

    /// <summary>The writers whose keys a range holds.</summary>
    public IReadOnlyList<int> WritersOf(RangeStatus range) =>
        [.. Enumerable.Range(0, Ledger.Writers).Where(writer => range.Holds(System.Text.Encoding.ASCII.GetBytes(DrillKeys.Key(writer, 0))))];

    /// <summary>The node that leads the most user ranges, and those ranges.</summary>
    public async Task<(NodeProcess Node, IReadOnlyList<RangeStatus> Led)> BusiestLeaderAsync(CancellationToken cancel)
    {
        NodeProcess asked = Cluster.Nodes.First(node => node.Runs);
        while (true)
        {
            IReadOnlyList<RangeStatus> ranges = await View.RangesAsync(asked.Id, cancel);
            if (ranges.Count > 0 && ranges.All(range => range.Leader is not null))
            {
                IGrouping<ulong, RangeStatus> busiest = ranges.GroupBy(range => range.Leader!.Value).OrderByDescending(group => group.Count()).ThenBy(group => group.Key).First();
                return (Cluster[busiest.Key], [.. busiest]);
            }

            await Task.Delay(20, cancel);
        }
    }

    /// <summary>Waits until each of the ranges is led by another node (or in another term), and says so.</summary>
    public async Task<bool> LedAnewAsync(IReadOnlyList<RangeStatus> before, ulong ask, TimeSpan within, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            IReadOnlyList<RangeStatus> now = await View.RangesAsync(ask, cancel);
            int changed = before.Count(old => now.Any(range => range.Id == old.Id && range.Leader is { } leader && (leader != old.Leader || range.Term > old.Term)));
            if (changed == before.Count)
            {
                LeaderChanges += changed;
                return true;
            }

            if (Stopwatch.GetElapsedTime(started) > within)
            {
                Fail($"{before.Count - changed} of {before.Count} ranges had no new leader within {within.TotalSeconds:0} s.");
                return false;
            }

            await Task.Delay(10, cancel);
        }
    }

    /// <summary>Waits until every range took a write after the fault, by one of its writers.</summary>
    public async Task WritesResumeAsync(IReadOnlyList<RangeStatus> ranges, long fault, TimeSpan within, CancellationToken cancel)
    {
        foreach (RangeStatus range in ranges)
        {
            IReadOnlyList<int> writers = WritersOf(range);
            while (!writers.Any(writer => Ledger[writer].LastAcknowledgedAt > fault) && Stopwatch.GetElapsedTime(fault) < within)
            {
                await Task.Delay(5, cancel);
            }
        }
    }

    /// <summary>Measures the gap of each range that the victim led.</summary>
    public string MeasureGaps(IReadOnlyList<RangeStatus> led, long fault)
    {
        long until = Stopwatch.GetTimestamp();
        List<string> texts = [];
        foreach (RangeStatus range in led)
        {
            TimeSpan? gap = GapMeter.Measure(WritersOf(range).SelectMany(writer => Ledger[writer].AcknowledgedAt()), fault, until);
            if (gap is { } measured)
            {
                Gaps.Add(measured.TotalMilliseconds);
                texts.Add(FormattableString.Invariant($"range {range.Id}: {measured.TotalMilliseconds:0.0} ms"));
            }
            else
            {
                Fail($"Range {range.Id} took no writes before or after the fault: no gap to measure.");
            }
        }

        return string.Join(", ", texts);
    }

    public void ExpectGaps(double maxMedianMs, double maxMs)
    {
        if (Gaps.Count == 0)
        {
            Fail("No gap was measured.");
            return;
        }

        double median = GapMeter.Median(Gaps);
        if (median > maxMedianMs)
        {
            Fail(FormattableString.Invariant($"The median gap was {median:0.0} ms; promised are {maxMedianMs:0} ms."));
        }

        if (Gaps.Max() > maxMs)
        {
            Fail(FormattableString.Invariant($"The longest gap was {Gaps.Max():0.0} ms; promised are {maxMs:0} ms."));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (CounterLoad? counters in (CounterLoad?[])[_counters, Counters])
        {
            if (counters is not null)
            {
                await counters.DisposeAsync();
            }
        }

        if (_load is { } load)
        {
            await load.DisposeAsync();
        }

        if (_historyLoad is { } historyLoad)
        {
            await historyLoad.DisposeAsync();
        }

        await View.DisposeAsync();
    }
}
