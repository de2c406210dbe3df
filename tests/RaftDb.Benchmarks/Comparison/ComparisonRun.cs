using RaftDb.Benchmarks.Comparison.Systems;

namespace RaftDb.Benchmarks.Comparison;

/// <summary>All rounds: the systems take turns, A B C A B C, so that a machine that grows slower or faster does so for all of them.</summary>
internal static class ComparisonRun
{
    public static async Task<ComparisonResult> RunAsync(ComparisonSettings settings, TextWriter progress, CancellationToken cancel)
    {
        // 1. Who is there.
        List<ISystem> systems = [];
        List<string> missing = [];
        SortedDictionary<string, string> versions = new(StringComparer.Ordinal);
        foreach (ISystem system in All(settings))
        {
            if (await system.MissingAsync(cancel) is { } what)
            {
                missing.Add($"{system.Name}: {what}");
                await progress.WriteLineAsync($"{system.Name} is left out; missing: {what}");
                continue;
            }

            systems.Add(system);
            versions.Add(system.Name, await system.VersionAsync(cancel));
        }

        // 2. The turns.
        List<(string System, Load Load, LoadFigures Figures)> figures = [];
        List<FailureFigures> failures = [];
        for (int round = 1; round <= settings.Rounds; round++)
        {
            foreach (ISystem system in systems)
            {
                await progress.WriteLineAsync($"Round {round} of {settings.Rounds}: {system.Name}");
                string directory = Directory.CreateDirectory(Path.Combine(settings.Data, $"{round}-{systems.IndexOf(system)}")).FullName;
                Turn turn = new(system, settings, progress);
                try
                {
                    await turn.RunAsync(directory, cancel);
                }
                finally
                {
                    system.Dispose();
                }

                Directory.Delete(directory, recursive: true);
                figures.AddRange(turn.Loads.Select(one => (system.Name, one.Load, one.Figures)));
                if (turn.Failures is { } failure)
                {
                    failures.Add(failure);
                }
            }
        }

        // 3. Round by round into one line for each load and system.
        return new(
            MachineDescription.Read(settings),
            versions,
            missing,
            [.. figures.GroupBy(one => (one.System, one.Load)).Select(group => new Measured(group.Key.System, group.Key.Load, [.. group.Select(one => one.Figures)]))],
            failures,
            settings);
    }

    private static IEnumerable<ISystem> All(ComparisonSettings settings)
    {
        ISystem[] all =
        [
            new RaftDbSystem(settings.RaftDb),
            new EtcdSystem(Path.Combine(settings.Root, "scripts", "bench", "etcd-load"), Path.Combine(settings.Data, "etcd-load")),
            new PostgresSystem(),
            new RedisSystem(),
        ];
        return all.Where(system => settings.Systems.Count == 0 || settings.Systems.Any(name => system.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase)));
    }
}
