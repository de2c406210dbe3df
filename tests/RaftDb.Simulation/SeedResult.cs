using RaftDb.Simulation.Core;

namespace RaftDb.Simulation;

/// <summary>How one seed went.</summary>
/// <param name="Hash">The same for the same seed and code.</param>
/// <param name="Failure">What was found; null when nothing.</param>
/// <param name="Report">How it came to that.</param>
/// <param name="Marks">What situations it came into.</param>
/// <param name="VirtualNanoseconds">How much time passed in it.</param>
internal sealed record SeedResult(ulong Hash, string? Failure, string Report, Marks Marks, long VirtualNanoseconds)
{
    public static SeedResult Of(ulong seed, Func<SwarmOptions, SwarmOptions>? adjust, string? traceFile)
    {
        using StreamWriter? trace = traceFile is null ? null : new StreamWriter(traceFile) { AutoFlush = true };
        SeedRun run = new(seed, adjust, trace);
        SimCluster world = run.World;
        try
        {
            run.Run();
            return new(world.Trace.Hash, null, "", world.Marks, world.Time.Now);
        }
        catch (Exception e)
        {
            if (traceFile is not null)
            {
                foreach (Nodes.SimMachine machine in world.Machines)
                {
                    machine.Disk.Copy($"{traceFile}.node{machine.Node}");
                }
            }

            string report = string.Join(Environment.NewLine, [.. world.Trace.LastLines(), $"now {world.Time.Now / 1_000_000.0:F3} ms", world.Describe(), e.ToString()]);
            return new(world.Trace.Hash, e.Message, report, world.Marks, world.Time.Now);
        }
        finally
        {
            world.Dispose();
        }
    }
}
