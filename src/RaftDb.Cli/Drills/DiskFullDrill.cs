using System.Diagnostics;
using System.Globalization;
using RaftDb.Cli.Drills.Faults;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>One node's disk fills up: first while it follows, then while it leads; then there is room again.</summary>
internal sealed class DiskFullDrill : Drill
{
    private const int HistoryKeys = 64;
    private const int Megabytes = 96;

    /// <summary>Whichever needs room first: the log for its next segment, or a state for what was applied.</summary>
    private static readonly string[] FullGauges = ["raftdb_binlog_full", "raftdb_apply_stuck"];

    /// <summary>Refusals seen, until then nothing is proven; and how long that may take. A node notices with its next segment.</summary>
    private static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(30);

    /// <summary>The node looks for room each second.</summary>
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(15);

    private MemoryVolume? _volume;

    public override string Name => "disk-full";

    public override string Description => "Fills a node's disk up while it follows, and while it leads, under load. Needs root.";

    public override IEnumerable<string> NodeSettings =>
        ["Binlog:SegmentBytes=1048576", "Binlog:RetainedBytes=1048576", "Binlog:RetainedEntries=100000"];

    public override string Promise(DrillSettings settings) =>
        "a full follower stops no write; a full leader refuses with no_space and still reads; both go on by themselves when there is room";

    public override string? Missing(DrillSettings settings) => MemoryVolume.Missing();

    public override void Prepare(DrillSettings settings, ClusterProcesses cluster)
    {
        MemoryVolume volume = _volume = MemoryVolume.Mount(cluster.Nodes[0].Data, Megabytes);
        cluster.AtTheEnd(() => volume.Unmount(cluster.Keep));
    }

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        NodeProcess small = run.Cluster.Nodes[0];
        run.StartLoad();
        run.StartHistoryLoad(HistoryKeys);
        for (int round = 1; round <= (run.Settings.Rounds ?? 1); round++)
        {
            await run.LoadForAsync(run.Settings.Seconds, cancel);
            await Leaderships.AwayFromAsync(run, small, cancel);
            string follower = await FullAsync(run, small, leads: false, cancel);
            await Leaderships.ToAsync(run, small, cancel);
            string leader = await FullAsync(run, small, leads: true, cancel);
            run.Progress.Step($"Round {round}: node {small.Id} full while it followed: {follower}; while it led: {leader}");
            run.Rounds = round;
        }
    }

    private async Task<string> FullAsync(DrillRun run, NodeProcess small, bool leads, CancellationToken cancel)
    {
        // 1. Nothing fits any more; the node notices when its log needs room.
        long before = run.Ledger.Acknowledged;
        _volume!.Fill();
        await UntilAsync(run, small, full: true, NoticeLimit, cancel);

        // 2. What goes on, and what is refused.
        long noticed = run.Ledger.Acknowledged;
        int reads = 0;
        int refused = 0;
        for (int i = 0; i < 20; i++)
        {
            refused += await IsRefusedAsync(run, small, i, cancel) ? 1 : 0;
            reads += await IsReadAsync(run, small, i, cancel) ? 1 : 0;
            await Task.Delay(50, cancel);
        }

        long went = run.Ledger.Acknowledged - noticed;
        Judge(run, small, leads, went, refused, reads);

        // 3. Room again.
        _volume.MakeRoom();
        long freed = Stopwatch.GetTimestamp();
        await UntilAsync(run, small, full: false, RecoveryLimit, cancel);
        long again = run.Ledger.Acknowledged;
        await run.AcknowledgedAsync(again + 50, cancel);
        return FormattableString.Invariant(
            $"{noticed - before} writes until it noticed, then {went} in a second, {refused} of 20 refused, {reads} of 20 read; well {Stopwatch.GetElapsedTime(freed).TotalSeconds:0.0} s after there was room");
    }

    private static void Judge(DrillRun run, NodeProcess small, bool leads, long went, int refused, int reads)
    {
        if (!leads && went == 0)
        {
            run.Fail($"Nothing was written while node {small.Id}, a follower, was full.");
        }

        if (leads && refused == 0)
        {
            run.Fail($"Node {small.Id} was full and led all ranges, and refused nothing with no_space.");
        }

        if (reads < 20)
        {
            run.Fail($"Only {reads} of 20 reads on the full node {small.Id} were answered.");
        }
    }

    /// <summary>A write that comes in at the full node. Its outcome doesn't matter otherwise: the history does not know its key.</summary>
    private static async Task<bool> IsRefusedAsync(DrillRun run, NodeProcess small, int i, CancellationToken cancel)
    {
        try
        {
            await run.View.ClientOf(small.Id).PutAsync(DrillKeys.Register(0, 900 + i), "1", null, cancel);
            return false;
        }
        catch (RaftDbException failure)
        {
            run.Measured[$"full_{failure.Code}"] = run.Measured.GetValueOrDefault($"full_{failure.Code}") + 1;
            return failure.Code == RaftDbErrorCodes.NoSpace;
        }
    }

    /// <summary>What the node has must do: a linearizable read needs what was committed last to be applied, and there may be no room for it.</summary>
    private static async Task<bool> IsReadAsync(DrillRun run, NodeProcess small, int i, CancellationToken cancel)
    {
        ReadOptions options = new() { Consistency = "eventual", Replica = small.Id.ToString(CultureInfo.InvariantCulture) };
        try
        {
            await run.View.ClientOf(small.Id).GetAsync(DrillKeys.Key(i % run.Settings.Writers, 0), options, cancel);
            return true;
        }
        catch (RaftDbException failure)
        {
            run.Measured[$"read_{failure.Code}"] = run.Measured.GetValueOrDefault($"read_{failure.Code}") + 1;
            return false;
        }
    }

    private static async Task UntilAsync(DrillRun run, NodeProcess small, bool full, TimeSpan within, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        while (await IsFullAsync(run, small, cancel) != full)
        {
            small.MustRun();
            if (Stopwatch.GetElapsedTime(started) > within)
            {
                throw new RefusedException($"Node {small.Id} did not say within {within.TotalSeconds:0} s that its disk is {(full ? "full" : "no longer full")} ({string.Join(", ", FullGauges)}).");
            }

            await Task.Delay(20, cancel);
        }
    }

    private static async Task<bool> IsFullAsync(DrillRun run, NodeProcess small, CancellationToken cancel)
    {
        foreach (string gauge in FullGauges)
        {
            if (await run.View.CounterAsync(small.Id, gauge, cancel) > 0)
            {
                return true;
            }
        }

        return false;
    }
}
