using System.Diagnostics;
using RaftDb.Benchmarks.Comparison.Systems;

namespace RaftDb.Benchmarks.Comparison;

/// <summary>Nodes of a running system die and come back, one kind of it after the other. <paramref name="settledAsync"/> ends when the disk is quiet.</summary>
internal sealed class FailureTurn(IReplicatedSystem system, ComparisonSettings settings, Func<CancellationToken, Task> settledAsync, TextWriter progress)
{
    private const int Nodes = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan BeforeTheKill = TimeSpan.FromSeconds(4);

    public async Task<FailureFigures> RunAsync(int filled, CancellationToken cancel)
    {
        FailureFigures figures = new() { System = system.Name, MissedWrites = settings.MissedWrites, Keys = filled };
        List<string> failed = [];
        if (filled == 0)
        {
            await TryAsync("fill", () => system.FillAsync(Load.FewKeys, 100, cancel));
            figures = figures with { Keys = Load.FewKeys };
        }

        await TryAsync("failover", async () => figures = figures with { FailoverGapMs = await FailoverAsync(cancel) });
        await TryAsync("catch-up", async () => figures = figures with { CatchUpSeconds = await CatchUpAsync(cancel) });
        await TryAsync("restart", async () => figures = figures with { RestartSeconds = await RestartAsync(cancel) });
        await progress.WriteLineAsync(FormattableString.Invariant(
            $"  {system.Name}: gap {figures.FailoverGapMs:N0} ms, {figures.MissedWrites:N0} missed writes in {figures.CatchUpSeconds:0.00} s, restart with {figures.Keys:N0} keys {figures.RestartSeconds:0.00} s"));
        return figures with { Failed = failed };

        async Task TryAsync(string what, Func<Task> measure)
        {
            if (await Attempt.RunAsync(measure, cancel) is { } reason)
            {
                failed.Add($"{what}: {reason}");
                await progress.WriteLineAsync($"  {system.Name}: {what}: FAILED: {reason}");
            }
        }
    }

    /// <summary>The leader dies under load. Clients know all nodes, and look for the next leader by themselves.</summary>
    private async Task<double> FailoverAsync(CancellationToken cancel)
    {
        int leader = await system.LeaderAsync(cancel);
        Load load = new(LoadKind.Put, 16) { KnowsAllNodes = true };
        Task<LoadFigures> underLoad = system.RunAsync(load, "", 8, 2, cancel);
        await Task.Delay(BeforeTheKill, cancel);
        system.Kill(leader);
        LoadFigures figures;
        try
        {
            figures = await underLoad;
        }
        finally
        {
            system.Restart(leader);
        }

        await CaughtUpAsync(leader, cancel);
        return figures.LongestGapMs ?? throw new ComparisonException($"{system.Name}'s load generator tells no longest gap.");
    }

    /// <summary>A follower is away for just so many writes.</summary>
    private async Task<double> CatchUpAsync(CancellationToken cancel)
    {
        int follower = (await system.LeaderAsync(cancel) + 1) % Nodes;
        system.Kill(follower);
        try
        {
            LoadFigures figures = await system.RunAsync(new(LoadKind.Put, 256) { Operations = settings.MissedWrites, KnowsAllNodes = true }, "", settings.Seconds, 0, cancel);
            if (figures.Driven < settings.MissedWrites * 0.99)
            {
                throw new ComparisonException($"only {figures.Driven:N0} writes were acknowledged while the node was away");
            }
        }
        catch
        {
            system.Restart(follower);
            throw;
        }

        Stopwatch watch = Stopwatch.StartNew();
        system.Restart(follower);
        await CaughtUpAsync(follower, cancel);
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>A follower at rest is killed and started again, with nothing missed: what counts is what it holds, not what it was about to write.</summary>
    private async Task<double> RestartAsync(CancellationToken cancel)
    {
        int follower = (await system.LeaderAsync(cancel) + 1) % Nodes;
        await CaughtUpAsync(follower, cancel);
        await settledAsync(cancel);
        system.Kill(follower);
        Stopwatch watch = Stopwatch.StartNew();
        system.Restart(follower);
        await CaughtUpAsync(follower, cancel);
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>Until the node has applied what the leader has now.</summary>
    private async Task CaughtUpAsync(int node, CancellationToken cancel)
    {
        int leader = await system.LeaderAsync(cancel);
        ulong goal = await system.AppliedAsync(leader, cancel) ?? throw new ComparisonException($"Node {leader + 1} of {system.Name} leads and does not answer.");
        await Waiting.UntilAsync(
            $"What the leader of {system.Name} had applied, on node {node + 1},", Patience, async () => await system.AppliedAsync(node, cancel) is { } applied && applied >= goal, cancel);
    }
}
