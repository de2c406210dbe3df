using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>What a run of commands asks of one range, and what came of it. Used again by the next run of the connection.</summary>
internal sealed class RangeGroup : IDisposable
{
    /// <summary>The range.</summary>
    public RangeDescriptor Range { get; private set; } = null!;

    /// <summary>Writes: one item for each slot.</summary>
    public BatchWriter Items { get; } = new();

    /// <summary>Reads: one key for each slot.</summary>
    public List<ReadOnlyMemory<byte>> Keys { get; } = [];

    /// <summary>Reads: the rows of the keys; null = absent.</summary>
    public List<Row?> Rows { get; } = [];

    /// <summary>Writes: what the entry did.</summary>
    public CommandResult? Result { get; set; }

    /// <summary>The log index that the answer shows.</summary>
    public LogIndex Shown { get; set; }

    /// <summary>Why the range gave no answer.</summary>
    public RequestError? Error { get; set; }

    public void Begin(RangeDescriptor range)
    {
        Range = range;
        Items.Clear();
        Keys.Clear();
        Rows.Clear();
        Result = null;
        Error = null;
        Shown = default;
    }

    public void Dispose() => Items.Dispose();
}
