using System.Diagnostics;
using RaftDb.Cli.Drills.Faults;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>What partition-leader and partition-one-way share: the busiest leader is cut off from the others, its clients are not, and comes back.</summary>
internal abstract class PartitionDrill : Drill
{
    /// <summary>Few, so that each is written and read often around the cut.</summary>
    private const int HistoryKeys = 16;

    /// <summary>What a range's term may grow by in one cut. A new leader costs one, a split vote another, and so does a node that comes back; a storm costs one each election timeout and more.</summary>
    private const ulong MostTerms = 6;

    public override bool BreaksLinks => true;

    protected abstract double DefaultMaxMs { get; }

    protected abstract int DefaultRounds { get; }

    /// <summary>The cuts of a round, one after the other.</summary>
    protected abstract IReadOnlyList<(string Name, Action<ClusterLinks, ulong> Cut)> Cuts { get; }

    public override string Promise(DrillSettings settings) => FormattableString.Invariant(
        $"writes go on with the others after at most {settings.MaxMs ?? DefaultMaxMs:0} ms, terms grow by at most {MostTerms}, and the history is linearizable, what the cut-off node answers too");

    public override async Task RunAsync(DrillRun run, CancellationToken cancel)
    {
        ClusterLinks links = run.Cluster.Links!;
        run.StartLoad();
        run.StartHistoryLoad(HistoryKeys);
        for (int round = 1; round <= (run.Settings.Rounds ?? DefaultRounds); round++)
        {
            foreach ((string name, Action<ClusterLinks, ulong> cut) in Cuts)
            {
                // 1. Load on a healthy cluster.
                await run.LoadForAsync(run.Settings.Seconds, cancel);
                (NodeProcess victim, IReadOnlyList<RangeStatus> led) = await run.BusiestLeaderAsync(cancel);
                ulong witness = run.Cluster.Nodes.First(node => node != victim).Id;

                // 2. The cut. It lasts, so that the cut-off leader has time to say something wrong.
                long fault = Stopwatch.GetTimestamp();
                cut(links, victim.Id);
                await Task.Delay(TimeSpan.FromSeconds(run.Settings.PauseSeconds), cancel);
                await run.LedAnewAsync(led, witness, TimeSpan.FromSeconds(15), cancel);
                await run.WritesResumeAsync(led, fault, TimeSpan.FromSeconds(15), cancel);
                links.Heal();

                // 3. The node is back among the others: it has what they have.
                await run.LoadForAsync(run.Settings.Seconds, cancel);
                string gaps = run.MeasureGaps(led, fault);
                IReadOnlyList<RangeStatus> after = await run.View.RangesAsync(witness, cancel);
                ulong grown = led.Max(old => after.Single(range => range.Id == old.Id).Term - old.Term);
                run.Measured["most_terms"] = Math.Max(run.Measured.GetValueOrDefault("most_terms"), grown);
                if (grown > MostTerms)
                {
                    run.Fail($"A term grew by {grown} while node {victim.Id} was cut off: a term storm.");
                }

                run.Progress.Step(FormattableString.Invariant(
                    $"Round {round}: node {victim.Id}, leader of {led.Count} ranges, {name} for {run.Settings.PauseSeconds:0.0} s or more; {gaps}; terms grew by at most {grown}"));
            }

            run.Rounds = round;
        }

        run.ExpectGaps(run.Settings.MaxMedianMs ?? DefaultMaxMs, run.Settings.MaxMs ?? DefaultMaxMs);
    }
}
