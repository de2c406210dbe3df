using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>What the slots of one command came to. None of them failed.</summary>
internal readonly struct SlotResults(CommandRun run, int first, int count)
{
    /// <summary>How many slots.</summary>
    public int Count => count;

    /// <summary>The log's time, which expiry is counted in.</summary>
    public long LogMilliseconds => run.LogMilliseconds;

    /// <summary>What an item of a write did.</summary>
    public ItemResult Item(int slot) => run.GroupOf(first + slot).Result!.Items![run.PlaceOf(first + slot)];

    /// <summary>What one operation of an item did.</summary>
    public OperationResult Operation(int slot, int operation) => run.GroupOf(first + slot).Result!.Results[Item(slot).First + operation];

    /// <summary>The row of a key, without the key; null = absent.</summary>
    public Row? Row(int slot)
    {
        if (!run.IsWriting)
        {
            return run.GroupOf(first + slot).Rows[run.PlaceOf(first + slot)];
        }

        OperationResult read = Operation(slot, 0);
        return read.Version == 0 ? null : new Row(default, read.Value, read.Version, read.Index, read.Count);
    }
}
