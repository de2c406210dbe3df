using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Server.Bootstrap;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Hosting;

/// <summary>Makes a stopped node the only member of its cluster, when the others are lost for good. Everything in its own log is kept and taken for committed; what only the
/// others had is lost. Can be repeated when it was interrupted: the identity changes last.</summary>
internal sealed class UnsafeRecovery : IDisposable
{
    private const int BatchBytes = 4 << 20;

    private readonly string _directory;
    private readonly DirectoryLock _lock;
    private readonly NodeIdentity _identity;
    private readonly NodeBinlog _binlog;
    private readonly SqliteStateMachineStore _store;

    private UnsafeRecovery(string directory, DirectoryLock @lock, NodeIdentity identity, NodeBinlog binlog, SqliteStateMachineStore store)
    {
        _directory = directory;
        _lock = @lock;
        _identity = identity;
        _binlog = binlog;
        _store = store;
    }

    /// <summary>What would be done, and what may be lost, a line each.</summary>
    public IReadOnlyList<string> Plan
    {
        get
        {
            string others = string.Join(", ", _identity.Members.Where(m => m.Node != _identity.Node).Select(m => m.Node));
            List<string> lines =
            [
                $"Node {_identity.Node} of cluster {_identity.Cluster} becomes its only member; nodes {(others.Length == 0 ? "(none)" : others)} must never be started again.",
            ];
            foreach (RecoveredReplica replica in _binlog.Recovered)
            {
                lines.Add(replica.Suspicion is { } suspicion
                    ? $"Range {replica.Range}: can't be recovered here, its log is damaged: {suspicion}"
                    : $"Range {replica.Range}: everything up to index {replica.Last} is kept. Acknowledged writes after {replica.Last} that were only on other nodes are lost; "
                    + $"entries after {replica.HardState.Commit} were perhaps never acknowledged and are kept all the same.");
            }

            return lines;
        }
    }

    /// <summary>Opens a stopped node's data directory.</summary>
    public static UnsafeRecovery Open(string directory)
    {
        DirectoryLock held = DirectoryLock.Take(directory);
        try
        {
            NodeIdentity identity = NodeIdentityStore.Load(directory)
                ?? throw new StorageRefusedException($"{directory} is not the data directory of a node that was part of a cluster.");
            NodeBinlog binlog = NodeBinlog.Open(
                new PosixDisk(directory), "binlog", new BinlogIdentity(identity.Cluster, identity.Node, identity.Store), new BinlogOptions());
            return new UnsafeRecovery(directory, held, identity, binlog, new SqliteStateMachineStore(directory, new StateMachineOptions()));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Does it; returns what was done, a line each, also written to a file in the data directory.</summary>
    public IReadOnlyList<string> Run()
    {
        List<string> done = [];
        foreach (RecoveredReplica replica in _binlog.Recovered)
        {
            if (replica.Suspicion is null && replica.Checkpoint is { } checkpoint)
            {
                LogPosition position = Recover(replica, checkpoint);
                done.Add($"Range {replica.Range}: replica {replica.Replica} on node {_identity.Node} is the only voter, at index {position.Index} of term {position.Term}.");
            }
            else
            {
                done.Add($"Range {replica.Range}: not recovered: {replica.Suspicion ?? "the log has no record of its state"}.");
            }
        }

        ClusterMember own = _identity.Members.Single(m => m.Node == _identity.Node);
        ClusterAgreement alone = ClusterAgreement.Of([new(own.Node, own.Address)], _identity.SplitKeys, _identity.ReplicationFactor);
        NodeIdentityStore.Save(
            _directory, _identity.Node, alone, new BootstrapState(BootstrapPhase.Committed, _identity.Store, _identity.Cluster, [(own.Node, own.Store)]));
        done.Add($"Start it with --cluster {own.Node}={own.Address}.");
        File.WriteAllLines(Path.Combine(_directory, "recovered.txt"), done);
        return done;
    }

    public void Dispose()
    {
        _binlog.Dispose();
        _lock.Dispose();
    }

    private LogPosition Recover(RecoveredReplica replica, RangeCheckpoint checkpoint)
    {
        RangeCheckpoint alone;
        using (IStateMachine state = _store.Open(replica.Range, checkpoint))
        {
            ApplyAll(state, replica);
            RangeDescriptor descriptor = state.Descriptor.WithReplicas([new ReplicaDescriptor(replica.Replica, _identity.Node)]);
            using ISnapshotSource source = state.BeginSnapshot();
            if (source.Metadata.Position != state.Applied)
            {
                throw new StorageRefusedException(
                    $"What the log of range {replica.Range} says up to {state.Applied} found no room in its state, which ends at {source.Metadata.Position}: nothing was recovered. Make room on the disk and try again.");
            }

            using SnapshotStream data = new(source);
            alone = _store.ImportSnapshot(source.Header, data, descriptor, Configuration.OfVoters(replica.Replica));
        }

        using ManualResetEventSlim durable = new();
        _binlog.InstallSnapshot(replica.Range, replica.Replica, alone, durable.Set);
        if (WaitHandle.WaitAny([durable.WaitHandle, ((IAsyncResult)_binlog.Failed).AsyncWaitHandle]) == 1)
        {
            throw _binlog.Failed.Result;
        }

        return alone.Position;
    }

    private void ApplyAll(IStateMachine state, RecoveredReplica replica)
    {
        ILogReader reader = _binlog.Reader(replica.Range);
        List<Entry> entries = [];
        List<(LogIndex, Configuration)> configurations = [];
        List<CommandResult?> results = [];
        while (state.Applied.Index < replica.Last)
        {
            entries.Clear();
            configurations.Clear();
            results.Clear();
            reader.Read(state.Applied.Index.Next, replica.Last, BatchBytes, entries);
            Configuration current = state.Configuration;
            foreach (Entry entry in entries.Where(e => e.Kind == EntryKind.ConfigurationChange))
            {
                current = ConfigurationChanger.Apply(current, ConfigurationCodec.DecodeChange(entry.Data.Span)).Configuration ?? current;
                configurations.Add((entry.Index, current));
            }

            state.Apply(entries, configurations, results);
        }
    }
}
