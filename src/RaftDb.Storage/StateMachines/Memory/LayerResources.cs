namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>What the state machines of a node share.</summary>
/// <param name="Options">Their tunables.</param>
/// <param name="Budget">Memory for layers.</param>
/// <param name="Queue">The thread that writes them.</param>
internal sealed record LayerResources(StateMachineOptions Options, MemoryBudget Budget, LayerWriteQueue Queue)
{
    /// <summary>Those of a node that starts.</summary>
    public static LayerResources Of(StateMachineOptions options) => new(options, new(options.LayerBytesOfAll), new());
}
