using RaftDb.Server.Ranges;
using RaftDb.Storage;
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

    /// <summary>The answer that the first slot is from; for writes.</summary>
    public WriteAnswer Answer => run.GroupOf(first).Answer!;

    /// <summary>Whether it is known what was done; false for ACK leader.</summary>
    public bool IsCommitted => Answer.Result is not null;

    /// <summary>The entry that executed a slot: with a session that may be an earlier one.</summary>
    public ulong Index(int slot) => IsCommitted && Item(slot).Index is > 0 and ulong earlier ? earlier : Answer.Position.Index.Value;

    /// <summary>Whose replica it was. Reads between writes are the leader's.</summary>
    public NodeId Node => run.IsWriting ? Answer.Node : run.GroupOf(first).Node;

    /// <summary>The range.</summary>
    public RangeId Range => run.GroupOf(first).Range.Id;

    /// <summary>The log index that is shown.</summary>
    public ulong Shown => run.GroupOf(first).Shown.Value;

    /// <summary>How old what was read may be; null when it can't be told.</summary>
    public TimeSpan? Staleness => run.IsWriting ? TimeSpan.Zero : run.GroupOf(first).Staleness;

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
