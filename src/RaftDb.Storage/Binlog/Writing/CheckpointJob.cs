using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>Mirrors a checkpoint of the state machine and moves the floor: up to the durable applied index or the pin, less the retained tail.</summary>
internal sealed class CheckpointJob(
    RangeId range, RangeCheckpoint checkpoint, LogIndex? pin, BinlogOptions options, Func<ReplicaLog, bool> isInTheWay, Action<LogPosition> completed) : Job
{
    private byte[] _payload = [];
    private LogPosition _floor;
    private ReplicaLog? _log;

    public override RangeId Range => range;

    public override int DiskSize => RecordHeader.SizeFor(_payload.Length);

    public override JobVerdict Prepare(ReplicaTable replicas)
    {
        _log = replicas.Find(range);
        if (_log is null)
        {
            return JobVerdict.Nothing;
        }

        _floor = _log.Floor;
        if (_log.Checkpoint is { } earlier && checkpoint.Position.Index < earlier.Position.Index)
        {
            return JobVerdict.Nothing; // A snapshot was installed meanwhile, which says more.
        }

        if (_log.Suspicion is not null && checkpoint.Position.Index > _log.Last.Index)
        {
            return JobVerdict.Nothing; // Its log was cut where it can't be read on; the replica waits for its replacement.
        }

        Check.That(
            checkpoint.Position.Index <= _log.Last.Index,
            $"range {range}: the state machine is durable up to entry {checkpoint.Position.Index}, and the log ends at {_log.Last.Index}.");
        _floor = FloorFor(_log);
        _payload = new CheckpointPayload(_floor, checkpoint).Encode();
        return JobVerdict.Write;
    }

    public override void Encode(BatchBuilder batch)
    {
        base.Encode(batch);
        Add(batch, RecordType.Checkpoint, range, _log!.Replica, checkpoint.Position, _payload);
    }

    public override void Publish(ReplicaTable replicas) => _log?.SetCheckpoint(checkpoint, _floor, Place.Segment);

    public override void Complete() => completed(_floor);

    private LogPosition FloorFor(ReplicaLog log)
    {
        LogIndex applied = checkpoint.Position.Index;
        LogIndex highest = LogIndex.Min(applied, pin ?? applied);
        if (highest <= log.Floor.Index)
        {
            return log.Floor;
        }

        // An idle range gives its tail up, but only when that tail keeps a segment that has to go.
        LogIndex floor = !log.HasGrown && isInTheWay(log) ? highest : LogIndex.Min(highest, TailStart(log, applied));
        return floor <= log.Floor.Index ? log.Floor : new LogPosition(floor, log.TermOf(floor));
    }

    private LogIndex TailStart(ReplicaLog log, LogIndex applied)
    {
        LogIndex byCount = new(applied.Value > options.RetainedEntries ? applied.Value - options.RetainedEntries : 0);
        return LogIndex.Max(byCount, log.IndexWithBytesAfter(applied, options.RetainedBytes));
    }
}
