using RaftDb.Raft;

namespace RaftDb.Simulation;

/// <summary>Plants a bug and looks for the first seed that finds it.</summary>
internal static class MutantHunt
{
    /// <summary>The first seed that catches the mutant, and what it found; null when none of them does.</summary>
    public static (ulong Seed, string Failure)? Hunt(string mutant, ulong first, ulong last, Func<SwarmOptions, SwarmOptions>? adjust = null)
    {
        Mutants.Planted = mutant;
        try
        {
            for (ulong seed = first; seed <= last; seed++)
            {
                if (SeedResult.Of(seed, adjust, null).Failure is { } failure)
                {
                    // What fails without the planted bug too says nothing about it.
                    Mutants.Planted = null;
                    if (SeedResult.Of(seed, adjust, null).Failure is null)
                    {
                        return (seed, failure);
                    }

                    Console.WriteLine($"seed {seed} fails without {mutant} too: {failure}");
                    Mutants.Planted = mutant;
                }
            }

            return null;
        }
        finally
        {
            Mutants.Planted = null;
        }
    }
}
