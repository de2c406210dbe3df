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
            string? what = null;
            string? failed = await Attempt.RunAsync(async () => what = await system.MissingAsync(cancel), cancel);
            if ((what ?? failed) is { } reason)
            {
                missing.Add($"{system.Name}: {reason}");
                await progress.WriteLineAsync($"{system.Name} is left out; missing: {reason}");
                continue;
            }

            systems.Add(system);
            versions.Add(system.Name, await system.VersionAsync(cancel));
        }

        if (systems.Count == 0)
        {
            throw new ComparisonException("None of the systems is here.");
        }

        // 2. The turns.
        List<TurnFigure> figures = [];
        List<FailureFigures> failures = [];
        List<string> broken = [];
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
                figures.AddRange(turn.Loads);
                broken.AddRange(turn.Failed.Select(failed => $"{system.Name}, round {round}: {failed}"));
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
            broken,
            [.. figures.GroupBy(one => (one.System, one.Load)).Select(Sum)],
            failures,
            settings);
    }

    private static Measured Sum(IGrouping<(string System, Load Load), TurnFigure> group) => new(
        group.Key.System, group.Key.Load, [.. group.Select(one => one.Figures).OfType<LoadFigures>()], [.. group.Select(one => one.Failed).OfType<string>()]);

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
