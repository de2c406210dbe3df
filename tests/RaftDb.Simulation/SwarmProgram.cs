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
        Mutants.Planted = run.Mutant;
        Console.WriteLine($"SEED={run.First}{(run.Last != run.First ? $"..{(run.Last == ulong.MaxValue ? "" : run.Last)}" : "")} {(run.First == run.Last ? SwarmOf(run.First) : "")}");
        Stopwatch clock = Stopwatch.StartNew();
        long virtualNanoseconds = 0;
        ulong seeds = 0;
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
                Console.WriteLine($"FAILED at seed {seed} after {seeds} seeds in {clock.Elapsed.TotalSeconds:F1} s");
                return 1;
            }

            if (run.Verbose)
            {
                Console.WriteLine(
                    $"seed {seed}: {result.Marks["events"]} events, {result.Marks["client operations"]} operations, {result.VirtualNanoseconds / 1e9:F0} virtual seconds; "
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

        double virtualSeconds = virtualNanoseconds / 1e9;
        double processor = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
        Console.WriteLine(
            $"PASSED {seeds} seeds, {virtualSeconds:F0} virtual seconds in {clock.Elapsed.TotalSeconds:F1} s "
            + $"and {processor:F1} s of processor time ({virtualSeconds / processor:F0} times real time on one core)");
        return 0;
    }

    private SwarmOptions SwarmOf(ulong seed) => run.Adjust(SwarmOptions.Draw(new SimRandom(seed).Split("swarm")));

    private void Tell(ulong seed, SeedResult result)
    {
        Console.WriteLine($"SEED={seed} {SwarmOf(seed)}");
        Console.WriteLine(result.Report);
        Console.WriteLine($"FAILURE: {result.Failure}");
        Console.WriteLine($"replay: {run.Replay(seed)}");
    }
}
