using System.Diagnostics;
using RaftDb.Cli.Drills;
using RaftDb.Cli.Output;

namespace RaftDb.Cli.Bench.Engine;

/// <summary>The engine alone, without interfaces and SQLite: three processes on loopback, everything synced, proposals made inside the leader's.</summary>
internal static class EngineBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task<IReadOnlyList<EngineRun>> RunAsync(EngineSettings settings, Progress progress, CancellationToken cancel)
    {
        string data = settings.Data ?? Directory.CreateTempSubdirectory("raftdb-engine-").FullName;
        List<EngineChild> children = [];
        try
        {
            // 1. Three processes that find each other and elect one.
            string[] peers = [.. LoopbackPorts.Free(EngineSettings.Nodes).Select(port => $"127.0.0.1:{port}")];
            Guid cluster = Guid.NewGuid();
            for (int i = 0; i < EngineSettings.Nodes; i++)
            {
                string directory = Directory.CreateDirectory(Path.Combine(data, $"{i + 1}")).FullName;
                children.Add(await EngineChild.StartAsync(new((ulong)i + 1, peers, directory, cluster), cancel));
            }

            // 2. One number of writers after the other.
            List<EngineRun> runs = [];
            foreach (int writers in settings.Writers)
            {
                EngineChild leader = await LeaderAsync(children, cancel);
                progress.Live($"{writers} writers");
                TimeSpan before = default;
                EngineRun run = await leader.RunAsync(settings, writers, () => before = Cpu(children), cancel);
                TimeSpan used = Cpu(children) - before;
                await AgreeAsync(children, leader, cancel);
                runs.Add(run with { CpuMicrosecondsPerEntry = run.Entries > 0 ? Math.Round(used.TotalMicroseconds / run.Entries, 1) : 0 });
            }

            progress.End();
            return runs;
        }
        finally
        {
            children.ForEach(static child => child.Dispose());
            if (settings.Data is null)
            {
                Directory.Delete(data, recursive: true);
            }
        }
    }

    private static TimeSpan Cpu(List<EngineChild> children) => children.Aggregate(TimeSpan.Zero, (sum, child) => sum + child.Cpu);

    private static async Task<EngineChild> LeaderAsync(List<EngineChild> children, CancellationToken cancel)
    {
        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < Patience)
        {
            foreach (EngineChild child in children)
            {
                if (await child.StatusAsync(cancel) is { IsLeader: true, Applied: > 0 })
                {
                    return child;
                }
            }

            await Task.Delay(Pause, cancel);
        }

        throw new RefusedException("The processes of the benchmark elected nobody within a minute. Is the machine very busy?");
    }

    /// <summary>What was counted is on every node: else the figures would be those of a cluster that falls behind.</summary>
    private static async Task AgreeAsync(List<EngineChild> children, EngineChild leader, CancellationToken cancel)
    {
        ulong applied = (await leader.StatusAsync(cancel)).Applied;
        long begun = Stopwatch.GetTimestamp();
        foreach (EngineChild child in children)
        {
            while ((await child.StatusAsync(cancel)).Applied < applied)
            {
                if (Stopwatch.GetElapsedTime(begun) > Patience)
                {
                    throw new RefusedException($"A follower did not apply what the leader had within a minute (index {applied}).");
                }

                await Task.Delay(Pause, cancel);
            }
        }
    }
}
