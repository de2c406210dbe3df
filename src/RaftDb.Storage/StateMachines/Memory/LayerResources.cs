namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>What the state machines of a node share.</summary>
/// <param name="Options">Their tunables.</param>
/// <param name="Budget">Memory for layers.</param>
/// <param name="FactsBudget">Memory for what is known of rows without looking.</param>
/// <param name="Queue">The thread that writes them.</param>
internal sealed record LayerResources(StateMachineOptions Options, MemoryBudget Budget, MemoryBudget FactsBudget, LayerWriteQueue Queue)
{
    /// <summary>A layer of a large range holds up to this part of what is in its file. A put into a page costs the whole page, so that it pays to write many at a time: of rows of 100 bytes, put in random order,
    /// a layer of a fourth of the file leads to six or seven to a page, and one of a twentieth to one or two.</summary>
    private const long LargestShare = 4;

    /// <summary>The part of the memory of all layers that one may take: two more may wait to be written.</summary>
    private const long ShareOfAll = 4;

    /// <summary>Those of a node that starts.</summary>
    public static LayerResources Of(StateMachineOptions options) => new(options, new(options.MemoryOfLayers), new(options.MemoryOfRowFacts), new());

    /// <summary>What a layer holds when it is sealed, where so many bytes are in the file.</summary>
    public long LayerBytesOf(long inFile) =>
        Math.Max(Options.LayerBytes, Math.Min(inFile / LargestShare, Budget.Bytes / ShareOfAll));
}
