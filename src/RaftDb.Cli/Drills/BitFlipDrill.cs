using System.Diagnostics;
using System.Text.Json;
using RaftDb.Cli.Drills.Faults;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>Bits rot in a stopped node: in its log, and then in a state. It has to notice, must not serve or vote with it, and comes back by itself.</summary>
internal sealed class BitFlipDrill : Drill
{
    private const int HistoryKeys = 64;
    private const int FlippedEntries = 3;
    private static readonly TimeSpan RepairLimit = TimeSpan.FromSeconds(90);

    public override string Name => "bit-flip";

    public override string Description => "Flips bytes in a stopped node's log, and then in one of its states, under load.";

    public override string Promise(DrillSettings settings) =>
        "the damage is found, nothing of it is served, and the node's replicas are rebuilt from the others without anybody's help";

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        Random random = new(run.Seed);
        run.Progress.Step($"SEED={run.Seed}; once more: raftdb drill {Name} --seed {run.Seed}");
        run.StartLoad();
        run.StartHistoryLoad(HistoryKeys);
        for (int round = 1; round <= (run.Settings.Rounds ?? 1); round++)
        {
            await DamageAsync(run, node => $"log: {BitFlips.InBinlog(node, FlippedEntries, random)}", random, cancel);
            await DamageAsync(run, node => $"state: {BitFlips.InState(node, random)}", random, cancel);
            run.Rounds = round;
        }
    }

    private static async Task DamageAsync(DrillRun run, Func<NodeProcess, string> damage, Random random, CancellationToken cancel)
    {
        // 1. A node is stopped in order, and its files are damaged.
        await run.LoadForAsync(run.Settings.Seconds, cancel);
        NodeProcess victim = run.Cluster.Nodes[random.Next(run.Cluster.Nodes.Count)];
        NodeProcess witness = run.Cluster.Nodes.First(node => node != victim);
        await run.Cluster.StopAsync(victim, cancel);
        string where = damage(victim);

        // 2. It starts, and the check of all replicas says in the end that all are equal.
        long started = Stopwatch.GetTimestamp();
        run.Cluster.Start(victim);
        string why = await UntilSoundAsync(run, witness, victim, started, cancel);
        string seconds = FormattableString.Invariant($"{Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        if (why.Length > 0)
        {
            run.Fail($"Node {victim.Id} was not sound again {seconds} after its start, with damage in its {where}: {why}");
        }

        run.Progress.Step($"Node {victim.Id} was damaged in its {where}; sound again {seconds} after its start");
    }

    /// <returns>Why not, at last; empty when all is well.</returns>
    private static async Task<string> UntilSoundAsync(DrillRun run, NodeProcess witness, NodeProcess victim, long started, CancellationToken cancel)
    {
        while (true)
        {
            victim.MustRun();
            string why = await WhyUnsoundAsync(run, witness, victim, cancel);
            if (why.Length == 0 || Stopwatch.GetElapsedTime(started) > RepairLimit)
            {
                return why;
            }

            await Task.Delay(500, cancel);
        }
    }

    private static async Task<string> WhyUnsoundAsync(DrillRun run, NodeProcess witness, NodeProcess victim, CancellationToken cancel)
    {
        try
        {
            ClusterStatus status = await run.View.StatusAsync(witness.Id, cancel);
            if (status.Problems.Count > 0)
            {
                return string.Join(" ", status.Problems);
            }

            if ((await run.View.RangesAsync(victim.Id, cancel)).Any(range => ClusterView.AppliedOn(range, victim.Id) is null))
            {
                return "it does not have all of its replicas.";
            }

            using JsonDocument check = JsonDocument.Parse(await run.View.ClientOf(witness.Id).PostAsync("/v1/check", new { }, cancel));
            return check.RootElement.GetProperty("equal").GetBoolean() ? "" : $"the check of all replicas says {check.RootElement}";
        }
        catch (RaftDbException failure)
        {
            return failure.Message;
        }
    }
}
