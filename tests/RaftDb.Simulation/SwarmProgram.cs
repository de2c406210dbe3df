using System.Diagnostics;
using RaftDb.Raft;
using RaftDb.Simulation.Core;

namespace RaftDb.Simulation;

/// <summary>Runs seed after seed and says how it went.</summary>
internal sealed class SwarmProgram(RunArguments run)
{
    private readonly Marks _marks = new();

    public int Run()
    {
        if (run.Scenario is { } scenario)
        {
            return Scenarios.ScenarioProgram.Run(scenario);
        }

        if (run.AllMutants)
        {
            return HuntAll();
        }

        Mutants.Planted = run.Mutant;
        Console.WriteLine($"SEED={run.First}{(run.Last != run.First ? $"..{(run.Last == ulong.MaxValue ? "" : run.Last)}" : "")} {(run.First == run.Last ? SwarmOf(run.First) : "")}");
        Stopwatch clock = Stopwatch.StartNew();
        long virtualNanoseconds = 0;
        ulong seeds = 0;
        int failed = 0;
        for (ulong seed = run.First; seed <= run.Last && (run.Minutes is not { } minutes || clock.Elapsed.TotalMinutes < minutes); seed++)
        {
            SeedResult result = SeedResult.Of(seed, run.Adjust, run.TraceFile);
            if (run.Twice && result.Failure is null)
            {
                SeedResult again = SeedResult.Of(seed, run.Adjust, null);
                if (again.Hash != result.Hash)
                {
                    result = result with { Failure = $"the second run's trace is {again.Hash:x16}, the first one's {result.Hash:x16}" };
                }
            }

            seeds++;
            virtualNanoseconds += result.VirtualNanoseconds;
            _marks.Add(result.Marks);
            if (result.Failure is not null)
            {
                Tell(seed, result);
                failed++;
                if (!run.KeepGoing)
                {
                    break;
                }
            }

            if (run.Verbose)
            {
                Console.WriteLine(
                    $"seed {seed}: {result.Marks["events"]} events, {result.Marks["client operations"]} operations, {result.VirtualNanoseconds / 1e9:F0} virtual seconds, trace {result.Hash:x16}; "
                    + $"{Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds:F2} s of processor time so far");
            }

            if (seeds % 100 == 0)
            {
                Console.WriteLine($"{seeds} seeds, {clock.Elapsed.TotalSeconds:F0} s");
            }

            if (run.First == run.Last)
            {
                Console.WriteLine($"trace {result.Hash:x16}");
            }
        }

        foreach ((string name, long count) in _marks.All)
        {
            Console.WriteLine($"  {name}: {count}");
        }

        if (run.Coverage && Checks.Coverage.Write(_marks, Console.Out) is { Count: > 0 } missing)
        {
            Console.WriteLine($"never came up: {string.Join(' ', missing)}");
            failed++;
        }

        double virtualSeconds = virtualNanoseconds / 1e9;
        double processor = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
        Console.WriteLine(
            $"{(failed == 0 ? "PASSED" : $"FAILED {failed} of")} {seeds} seeds, {virtualSeconds:F0} virtual seconds in {clock.Elapsed.TotalSeconds:F1} s "
            + $"and {processor:F1} s of processor time ({virtualSeconds / processor:F0} times real time on one core)");
        return failed == 0 ? 0 : 1;
    }

    /// <summary>Plants every bug and says which seed found it.</summary>
    private int HuntAll()
    {
        int missed = 0;
        Console.WriteLine($"SEED={run.First}..{run.Last}, every mutant");
        foreach (string mutant in run.Mutant is null ? Mutants.All : run.Mutant.Split(','))
        {
            Stopwatch clock = Stopwatch.StartNew();
            (ulong Seed, string Failure)? found = MutantHunt.Hunt(mutant, run.First, run.Last, run.Adjust);
            missed += found is null ? 1 : 0;
            Console.WriteLine(
                found is { } caught
                    ? $"{mutant}: caught by seed {caught.Seed} in {clock.Elapsed.TotalSeconds:F0} s: {caught.Failure}"
                    : $"{mutant}: NOT CAUGHT in {clock.Elapsed.TotalSeconds:F0} s");
        }

        Console.WriteLine(missed == 0 ? "PASSED every mutant was caught" : $"FAILED {missed} mutants were not caught");
        return missed == 0 ? 0 : 1;
    }

    private SwarmOptions SwarmOf(ulong seed) => run.Adjust(SwarmOptions.Draw(new SimRandom(seed).Split("swarm")));

    private void Tell(ulong seed, SeedResult result)
    {
        if (!run.KeepGoing)
        {
            Console.WriteLine($"SEED={seed} {SwarmOf(seed)}");
            Console.WriteLine(result.Report);
        }

        Console.WriteLine($"FAILURE: {result.Failure}");
        Console.WriteLine($"replay: {run.Replay(seed)}");
    }
}
