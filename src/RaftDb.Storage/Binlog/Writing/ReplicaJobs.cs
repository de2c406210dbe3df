using System.Text;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>Makes a new replica known.</summary>
internal sealed class CreateJob(RangeId range, ReplicaId replica, RangeCheckpoint checkpoint) : Job
{
    private readonly byte[] _payload = new CheckpointPayload(checkpoint.Position, checkpoint).Encode();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override RangeId Range => range;

    public override int DiskSize => RecordHeader.SizeFor(_payload.Length);

    public Task Done => _done.Task;

    public override JobVerdict Prepare(ReplicaTable replicas)
    {
        Check.That(!replicas.IsTombstoned(range, replica), $"replica {replica} of range {range} was removed and can't be created again.");
        Check.That(replicas.Find(range) is not { } other || other.Replica.Value < replica.Value, $"range {range} has a replica already.");
        return JobVerdict.Write;
    }

    public override void Encode(BatchBuilder batch)
    {
        base.Encode(batch);
        Add(batch, RecordType.Create, range, replica, checkpoint.Position, _payload);
    }

    public override void Publish(ReplicaTable replicas) => replicas.Add(range, replica).Install(checkpoint, Place.Segment);

    public override void Complete() => _done.TrySetResult();

    public override bool Refuse()
    {
        _done.TrySetException(new DiskFullException($"No room on the disk to create replica {replica} of range {range}."));
        return true;
    }
}

/// <summary>The commit point of a snapshot's installation.</summary>
internal sealed class InstallJob(RangeId range, ReplicaId replica, RangeCheckpoint checkpoint, Action completed) : Job
{
    private readonly byte[] _payload = new CheckpointPayload(checkpoint.Position, checkpoint).Encode();
    private HardState _hardState;

    public override RangeId Range => range;

    public override int DiskSize => RecordHeader.SizeFor(_payload.Length) + RecordHeader.SizeFor(HardStatePayload.Size);

    public override JobVerdict Prepare(ReplicaTable replicas)
    {
        Check.That(!replicas.IsTombstoned(range, replica), $"replica {replica} of range {range} was removed and can't take a snapshot.");
        Check.That(
            replicas.Find(range) is not { } other || other.Replica.Value <= replica.Value, $"range {range} has a later replica than {replica} already.");
        HardState before = replicas.Find(range) is { } same && same.Replica == replica ? same.HardState : default;
        _hardState = ReplicaLog.HardStateAfter(before, checkpoint);
        return JobVerdict.Write;
    }

    public override void Encode(BatchBuilder batch)
    {
        base.Encode(batch);
        Add(batch, RecordType.Install, range, replica, checkpoint.Position, _payload);

        // The vote must not stay behind in a segment that may go: from here on this is the current hard state's record.
        var payload = new byte[HardStatePayload.Size];
        new HardStatePayload(_hardState.Vote, checkpoint.Position).Write(payload);
        Add(batch, RecordType.HardState, range, replica, new LogPosition(_hardState.Commit, _hardState.Term), payload);
    }

    public override void Publish(ReplicaTable replicas)
    {
        ReplicaLog log = replicas.Find(range) is { } found && found.Replica == replica ? found : replicas.Add(range, replica);
        log.Install(checkpoint, Place.Segment);
        log.HasRefused = false;
    }

    public override void Complete() => completed();
}

/// <summary>Removes a replica for good.</summary>
internal sealed class RemoveJob(RangeId range, ReplicaId replica, Action completed) : Job
{
    public override RangeId Range => range;

    public override int DiskSize => RecordHeader.Size;

    public override JobVerdict Prepare(ReplicaTable replicas) =>
        replicas.IsTombstoned(range, replica) ? JobVerdict.Nothing : JobVerdict.Write;

    public override void Encode(BatchBuilder batch)
    {
        base.Encode(batch);
        Add(batch, RecordType.Tombstone, range, replica, LogPosition.Zero, []);
    }

    public override void Publish(ReplicaTable replicas) => replicas.Bury(range, replica, Place.Segment);

    public override void Complete() => completed();
}

/// <summary>Writes down that a replica is suspect, and cuts its log where it can't be read on, so that both outlive the damage that was found.</summary>
internal sealed class SuspectJob(ReplicaLog log) : Job
{
    private readonly byte[] _reason = Encoding.UTF8.GetBytes(log.Suspicion ?? "");

    public override RangeId Range => log.Range;

    public override int DiskSize => RecordHeader.Size + RecordHeader.SizeFor(_reason.Length);

    public override JobVerdict Prepare(ReplicaTable replicas) =>
        replicas.Find(log.Range) == log ? JobVerdict.Write : JobVerdict.Nothing;

    public override void Encode(BatchBuilder batch)
    {
        base.Encode(batch);
        Add(batch, RecordType.Suspect, log.Range, log.Replica, LogPosition.Zero, _reason);
        Add(batch, RecordType.Truncate, log.Range, log.Replica, log.Last, []);
    }

    public override void Publish(ReplicaTable replicas) => log.SetSuspicion(log.Suspicion ?? "", Place.Segment);

    public override void Complete()
    {
    }
}

/// <summary>Writes down that a replica was found damaged while the node ran. Its log stays as it is: it ends where it ends.</summary>
internal sealed class QuarantineJob(RangeId range, ReplicaId replica, string reason, Action completed) : Job
{
    private readonly byte[] _reason = Encoding.UTF8.GetBytes(reason);
    private ReplicaLog? _log;

    public override RangeId Range => range;

    public override int DiskSize => RecordHeader.SizeFor(_reason.Length);

    public override JobVerdict Prepare(ReplicaTable replicas)
    {
        _log = replicas.Find(range) is { Suspicion: null } found && found.Replica == replica ? found : null;
        return _log is null ? JobVerdict.Nothing : JobVerdict.Write;
    }

    public override void Encode(BatchBuilder batch)
    {
        base.Encode(batch);
        Add(batch, RecordType.Suspect, range, replica, LogPosition.Zero, _reason);
    }

    public override void Publish(ReplicaTable replicas) => _log?.SetSuspicion(reason, Place.Segment);

    public override void Complete() => completed();
}

/// <summary>Everything before it is to be on stable storage.</summary>
internal sealed class SyncJob(Action completed) : Job
{
    public override RangeId Range => default;

    public override int DiskSize => 0;

    public override JobVerdict Prepare(ReplicaTable replicas) => JobVerdict.Nothing;

    public override void Complete() => completed();
}
