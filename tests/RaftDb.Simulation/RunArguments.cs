using System.Globalization;

namespace RaftDb.Simulation;

/// <summary>What the command line asks for.</summary>
internal sealed record RunArguments
{
    public const string Usage =
        "usage: dotnet run --project tests/RaftDb.Simulation -c Release -- [--seed S | --seeds A..B] [--minutes M] [--scenario ID] [--mutant NAME | --mutants [--mutant NAME,NAME]] [--nodes N] [--ranges R] [--ops PER_SECOND] [--trace FILE] [--twice] [--verbose] [--keep-going] [--coverage]";

    public ulong First { get; init; }

    public ulong Last { get; init; }

    public double? Minutes { get; init; }

    public string? Scenario { get; init; }

    public string? Mutant { get; init; }

    /// <summary>Mutants are hunted, one after the other: all, or those that are named, with commas between them.</summary>
    public bool AllMutants { get; init; }

    public int? Nodes { get; init; }

    public int? Ranges { get; init; }

    public int? Operations { get; init; }

    public string? TraceFile { get; init; }

    /// <summary>Every seed runs twice and must give the same trace.</summary>
    public bool Twice { get; init; }

    /// <summary>A failure does not end the run.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>How often each row of the table of known failures came up; a row that never did is a failure.</summary>
    public bool Coverage { get; init; }

    /// <summary>A line for every seed.</summary>
    public bool Verbose { get; init; }

    public static RunArguments Parse(string[] arguments)
    {
        RunArguments run = new();
        bool seeded = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            string Value() => ++i < arguments.Length ? arguments[i] : throw new ArgumentException($"{arguments[i - 1]} needs a value.");
            switch (arguments[i])
            {
                case "--seed" or "--seeds":
                    string[] bounds = Value().Split("..");
                    run = run with { First = Number(bounds[0]), Last = Number(bounds[^1]) };
                    seeded = true;
                    break;
                case "--minutes":
                    run = run with { Minutes = double.Parse(Value(), CultureInfo.InvariantCulture) };
                    break;
                case "--scenario":
                    run = run with { Scenario = Value() };
                    break;
                case "--mutant":
                    run = run with { Mutant = Value() };
                    break;
                case "--mutants":
                    run = run with { AllMutants = true };
                    break;
                case "--nodes":
                    run = run with { Nodes = (int)Number(Value()) };
                    break;
                case "--ranges":
                    run = run with { Ranges = (int)Number(Value()) };
                    break;
                case "--ops":
                    run = run with { Operations = (int)Number(Value()) };
                    break;
                case "--trace":
                    run = run with { TraceFile = Value() };
                    break;
                case "--keep-going":
                    run = run with { KeepGoing = true };
                    break;
                case "--coverage":
                    run = run with { Coverage = true };
                    break;
                case "--verbose":
                    run = run with { Verbose = true };
                    break;
                case "--twice":
                    run = run with { Twice = true };
                    break;
                default:
                    throw new ArgumentException($"{arguments[i]} is not known.");
            }
        }

        if (!seeded)
        {
            ulong seed = run.Mutant is null && !run.AllMutants ? (ulong)Random.Shared.NextInt64(1, 1L << 40) : 1;
            run = run with { First = seed, Last = run.Minutes is not null ? ulong.MaxValue : run.Mutant is null && !run.AllMutants ? seed : 500 };
        }

        return run;
    }

    /// <summary>The options of a seed, as far as the command line overrides them.</summary>
    public SwarmOptions Adjust(SwarmOptions swarm)
    {
        if (Nodes is { } nodes)
        {
            swarm = swarm with { Nodes = nodes, ReplicationFactor = Math.Min(3, nodes) };
        }

        return swarm with { Ranges = Ranges ?? swarm.Ranges, OperationsPerSecond = Operations ?? swarm.OperationsPerSecond };
    }

    /// <summary>The command that replays one seed.</summary>
    public string Replay(ulong seed) =>
        $"dotnet run --project tests/RaftDb.Simulation -c Release -- --seed {seed}"
        + (Nodes is { } n ? $" --nodes {n}" : "") + (Ranges is { } r ? $" --ranges {r}" : "") + (Operations is { } o ? $" --ops {o}" : "")
        + (Mutant is { } m ? $" --mutant {m}" : "");

    private static ulong Number(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : throw new ArgumentException($"'{text}' is no number.");
}
