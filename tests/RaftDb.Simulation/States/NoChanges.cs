using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Simulation.States;

/// <summary>Keeps nothing: nobody watches in the simulator.</summary>
internal sealed class NoChanges : IChangeTable
{
    public KeptChanges Load() => default;

    public void Store(ulong since, long until) => throw new NotSupportedException("The simulator keeps no changes.");

    public void Add(ulong index, ReadOnlySpan<byte> changes) => throw new NotSupportedException("The simulator keeps no changes.");

    public ulong DropOldest(long entries) => throw new NotSupportedException("The simulator keeps no changes.");

    public void Clear() => throw new NotSupportedException("The simulator keeps no changes.");
}
