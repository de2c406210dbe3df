namespace RaftDb.Tests;

/// <summary>What a random test begins with. It prints it, and RAFTDB_SEED=the printed number replays it.</summary>
internal static class TestSeed
{
    /// <summary>The variable's name.</summary>
    public const string Variable = "RAFTDB_SEED";

    /// <summary>Whether one is given.</summary>
    public static bool IsGiven => Given is not null;

    private static string? Given => Environment.GetEnvironmentVariable(Variable);

    /// <summary>The one that is given, or another each time; there is room above it for those that count on from it.</summary>
    public static int Draw() => int.TryParse(Given, out int seed) ? seed : Random.Shared.Next(1 << 30);
}
