using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>A state machine that throws at entries whose data is "poison".</summary>
internal sealed class BreakingMachine(IStateMachine inner, Func<Exception> failure) : IStateMachine
{
    public LogPosition Applied => inner.Applied;

    public RangeDescriptor Descriptor => inner.Descriptor;

    public Configuration Configuration => inner.Configuration;

    public string FileName => inner.FileName;

    public HybridTimestamp? EarliestExpiry => inner.EarliestExpiry;

    public HybridTimestamp Time => inner.Time;

    public long CheckpointDebtBytes => inner.CheckpointDebtBytes;

    public long WalBytes => inner.WalBytes;

    public (long Keys, long Bytes) Size => inner.Size;

    public void Apply(IReadOnlyList<Entry> entries, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations, List<CommandResult?> results)
    {
        if (entries.Any(e => e.Data.Span.SequenceEqual("poison"u8)))
        {
            throw failure();
        }

        inner.Apply(entries, configurations, results);
    }

    public IReadView OpenReadView() => inner.OpenReadView();

    public Task<IFrozenView> OpenFrozenViewAsync() => inner.OpenFrozenViewAsync();

    public RangeCheckpoint? Checkpoint() => inner.Checkpoint();

    public RangeCheckpoint? WriteBack() => inner.WriteBack();

    public ISnapshotSource BeginSnapshot() => inner.BeginSnapshot();

    public StateDigest ComputeDigest(CancellationToken cancel) => inner.ComputeDigest(cancel);

    public void Dispose() => inner.Dispose();
}
