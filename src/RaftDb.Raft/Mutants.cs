namespace RaftDb.Raft;

/// <summary>Bugs that the simulator plants, one at a time, to show that it would find them. In the product every one of them is a constant
/// <see langword="false"/>, so that nothing of it is left in the compiled code.</summary>
internal static class Mutants
{
#if RAFTDB_MUTANTS
    /// <summary>The name of the one that is planted; null for none.</summary>
    public static string? Planted { get; set; }
#endif

    public static bool AppliedIndexOutsideTheTransaction => Is(nameof(AppliedIndexOutsideTheTransaction));

    private static bool Is(string name) =>
#if RAFTDB_MUTANTS
        Planted is not null && Planted == name;
#else
        false;
#endif
}
