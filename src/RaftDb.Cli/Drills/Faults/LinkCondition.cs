namespace RaftDb.Cli.Drills.Faults;

/// <summary>How one direction between two nodes is.</summary>
/// <param name="Cut">Nothing comes through, not even that a connection ended; it waits until the link is open again.</param>
/// <param name="Delay">How long everything takes.</param>
/// <param name="BytesPerSecond">How much comes through; 0 = as much as there is.</param>
internal readonly record struct LinkCondition(bool Cut = false, TimeSpan Delay = default, long BytesPerSecond = 0)
{
    public static LinkCondition Good => default;

    public static LinkCondition Silent => new(Cut: true);
}
