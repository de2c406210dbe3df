using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>What a run of commands asks of one range, and what came of it. Used again by the next run of the connection.</summary>
internal sealed class RangeGroup : IDisposable
{
    /// <summary>The range.</summary>
    public RangeDescriptor Range { get; private set; } = null!;

    /// <summary>Writes: when they are answered.</summary>
    public AckMode Ack { get; private set; }

    /// <summary>Reads: how; null = as the connection says.</summary>
    public ReadOptions? Options { get; private set; }

    /// <summary>Writes: one item for each slot.</summary>
    public BatchWriter Items { get; } = new();

    /// <summary>Reads: one key for each slot.</summary>
    public List<ReadOnlyMemory<byte>> Keys { get; } = [];

    /// <summary>Reads: the rows of the keys; null = absent.</summary>
    public List<Row?> Rows { get; } = [];

    /// <summary>Writes: what the entry did.</summary>
    public CommandResult? Result { get; set; }

    /// <summary>Writes: the whole answer.</summary>
    public WriteAnswer? Answer { get; set; }

    /// <summary>Reads: whose replica it was.</summary>
    public NodeId Node { get; set; }

    /// <summary>Reads: how old that may be; null when it can't be told.</summary>
    public TimeSpan? Staleness { get; set; }

    /// <summary>The log index that the answer shows.</summary>
    public LogIndex Shown { get; set; }

    /// <summary>Why the range gave no answer.</summary>
    public RequestError? Error { get; set; }

    public void Begin(RangeDescriptor range, AckMode ack = AckMode.Quorum, ReadOptions? options = null)
    {
        Range = range;
        Ack = ack;
        Options = options;
        Answer = null;
        Items.Clear();
        Keys.Clear();
        Rows.Clear();
        Result = null;
        Error = null;
        Shown = default;
    }

    /// <summary>Whether reads of another command can be served together with these. What was seen in a session is put together.</summary>
    public bool TryJoin(ReadOptions? options)
    {
        if (ReferenceEquals(options, Options))
        {
            return true;
        }

        if (options is null || Options is null || options.Consistency != Options.Consistency || options.Replica != Options.Replica
            || options.MaxStaleness != Options.MaxStaleness)
        {
            return false;
        }

        Options = options.Consistency == Consistency.Session ? Options with { Token = Options.Token.With(options.Token) } : Options;
        return true;
    }

    public void Dispose() => Items.Dispose();
}
