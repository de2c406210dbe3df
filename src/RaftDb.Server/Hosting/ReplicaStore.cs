using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Hosting;

/// <summary>Brings a node's replicas to life from what is on its disk: the binlog says which there are, their state files hold the rest.</summary>
internal sealed class ReplicaStore(NodeOptions options, NodeBinlog binlog, SqliteStateMachineStore store, IReplicaHost host, HaltMarks marks, IReadOnlyList<RangeDescriptor> initialRanges, ILogger log)
{
    /// <summary>The durable mark that all initial replicas were made. Without it nobody has voted yet, so what is missing may be made; with it, what is missing was lost.</summary>
    private const string CreatedMark = "replicas-created";

    private readonly NodeId _node = new(options.Node.Id);
    private readonly ReplicaOpener _opener = new(
        options.Raft, store, host, () => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));

    /// <summary>Makes the replicas of a new node durable, empty or from a backup, also after a crash half way.</summary>
    /// <returns>All replicas that the binlog knows now.</returns>
    public IReadOnlyList<RecoveredReplica> CreateInitial(IReadOnlyList<RangeDescriptor> ranges, BackupFile? backup)
    {
        string mark = Path.Combine(options.Node.Data, CreatedMark);
        if (File.Exists(mark))
        {
            return binlog.Recovered;
        }

        List<RecoveredReplica> all = [.. binlog.Recovered];
        HashSet<RangeId> existing = [.. all.Select(r => r.Range)];
        foreach (RangeDescriptor range in ranges)
        {
            ReplicaId replica = range.ReplicaOn(_node);
            if (replica.IsNone || existing.Contains(range.Id))
            {
                continue;
            }

            Configuration configuration = Configuration.OfVoters(range.Replicas.Select(r => r.Replica));
            all.Add(backup is null ? BlankReplicas.CreateEmpty(binlog, store, range, replica, configuration) : CreateFrom(backup, range, replica, configuration));
        }

        using FileStream file = new(mark, FileMode.Create, FileAccess.Write);
        file.Write("1\n"u8);
        file.Flush(flushToDisk: true);
        file.Dispose();
        if (backup is not null)
        {
            File.Delete(backup.Path);
        }

        return all;
    }

    /// <summary>The restored rows are the state at the backup's index; the log goes on from there, in a later term than any that wrote them.</summary>
    private RecoveredReplica CreateFrom(BackupFile backup, RangeDescriptor range, ReplicaId replica, Configuration configuration)
    {
        (SnapshotHeader header, Stream data) = backup.OpenRange(range.Id);
        RangeCheckpoint checkpoint;
        using (data)
        {
            checkpoint = store.ImportSnapshot(header, data, range, configuration);
        }

        binlog.CreateReplica(range.Id, replica, checkpoint);
        HardState hardState = new(checkpoint.Position.Term, ReplicaId.None, checkpoint.Position.Index);
        using ManualResetEventSlim durable = new();
        string? refused = null;
        binlog.Append(new BinlogWrite
        {
            Range = range.Id,
            Replica = replica,
            HardState = hardState,
            Completed = _ => durable.Set(),
            Refused = _ =>
            {
                refused = "the disk is full";
                durable.Set();
            },
        });
        durable.Wait();
        if (refused is not null)
        {
            throw new StorageRefusedException($"Range {range.Id} can't be restored: {refused}.");
        }

        return new RecoveredReplica
        {
            Range = range.Id,
            Replica = replica,
            HardState = hardState,
            Floor = checkpoint.Position,
            Last = checkpoint.Position.Index,
            Checkpoint = checkpoint,
        };
    }

    /// <summary>Opens every replica that the binlog knows. One that can't be trusted is left out, with the reason.</summary>
    public void OpenAll(IReadOnlyList<RecoveredReplica> recovered, LocalReplicas into, TroubleBook troubles)
    {
        foreach (RecoveredReplica replica in recovered)
        {
            try
            {
                into.Add(Open(replica));
            }
            catch (StorageRefusedException e)
            {
                log.LogError("Replica {Replica} of range {Range} is not used: {Reason}", replica.Replica, replica.Range, e.Message);
                troubles.Unusable(new Trouble(replica.Range, replica.Replica, e.Message, Rebuild: true));
            }
        }
    }

    /// <summary>Makes a replica that knows nothing but its id, durably.</summary>
    public Replica CreateBlank(RangeId range, ReplicaId replica) =>
        marks.Read(range, replica) is { } halted
            ? throw new StorageRefusedException(halted)
            : new BlankReplicas(binlog, store, _opener, initialRanges, options.Raft.FailoverMode).Create(range, replica);

    private Replica Open(RecoveredReplica recovered) =>
        marks.Read(recovered.Range, recovered.Replica) is { } halted ? throw new StorageRefusedException(halted) : _opener.Open(recovered);
}
