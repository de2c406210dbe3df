using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>Rebuilds what is known of each replica from its records, in the order in which they were written. The oldest segments may be gone: then a range's first
/// records are met without what preceded them, and a relocated state that follows says the rest.</summary>
internal sealed class Replay(ReplicaTable replicas) : ISegmentVisitor
{
    private readonly Dictionary<RangeId, RangeTrouble> _troubles = [];
    private string? _hidden;

    /// <summary>What is damaged, for people.</summary>
    public List<string> Damages { get; } = [];

    /// <summary>The last process that wrote.</summary>
    public SessionPayload Session { get; private set; }

    /// <summary>The sequence number that the next batch gets.</summary>
    public ulong NextSequence { get; private set; } = 1;

    public RangeTrouble TroubleOf(RangeId range)
    {
        if (!_troubles.TryGetValue(range, out RangeTrouble? trouble))
        {
            _troubles[range] = trouble = new RangeTrouble();
        }

        return trouble;
    }

    /// <summary>Something is wrong with the files themselves, and nobody knows whose records are gone with it.</summary>
    public void Lost(string what)
    {
        Damages.Add(what);
        _hidden = what;
        foreach (ReplicaLog log in replicas.All)
        {
            TroubleOf(log.Range).Doubt ??= what;
        }
    }

    public void Batch(BinlogPosition at, in BatchHeader header, bool intact) =>
        NextSequence = Math.Max(NextSequence, header.IsMark ? header.Sequence : header.Sequence + 1);

    public void Hidden(BinlogPosition from, uint to, bool batchHeaderOnly)
    {
        if (batchHeaderOnly)
        {
            Damages.Add($"The header of a batch at {from} is damaged; no record is lost.");
        }
        else
        {
            Lost($"The binlog is damaged at {from} to {to}, below what was synced: {to - from.Offset} bytes of records are lost, and nobody can say of which range.");
        }
    }

    public void DamagedRecord(BinlogPosition at, in RecordHeader header)
    {
        var range = new RangeId(header.Range);
        string what = $"A record ({header.Type}, range {range}, index {header.Index}) at {at} is damaged below what was synced.";
        Damages.Add(what);
        switch (header.Type)
        {
            case RecordType.Entry when Open(header, new LogPosition(new LogIndex(header.Index), new Term(header.Term))) is { } log:
                if (Continues(log, header))
                {
                    log.AppendMissing(PositionOf(header));
                }

                break;
            case RecordType.HardState or RecordType.ReplicaState:
                TroubleOf(range).Doubt ??= what;
                break;
            case RecordType.Create or RecordType.Install:
                TroubleOf(range).Broken ??= what;
                break;
            case RecordType.Suspect when replicas.Find(range) is { } log:
                TroubleOf(range).Broken ??= $"It was suspect before, and the record that said why is damaged at {at}.";
                break;
            default:
                break; // A checkpoint: the one before it stands. A relocated entry: the original may be there, and is missed at the end if not.
        }
    }

    public void Record(BinlogPosition at, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        var range = new RangeId(header.Range);
        var replica = new ReplicaId(header.Replica);
        switch (header.Type)
        {
            case RecordType.Session:
                Session = SessionPayload.Decode(payload);
                return;
            case RecordType.Tombstone:
                replicas.Bury(range, replica, at.Segment);
                if (replicas.Find(range) is null)
                {
                    _troubles.Remove(range);
                }

                return;
            case RecordType.Create:
            case RecordType.Install:
                Begin(at, header, CheckpointPayload.Decode(payload));
                return;
            case RecordType.Entry:
                OnEntry(at, header);
                return;
            case RecordType.RelocatedEntry:
                OnRelocatedEntry(at, header);
                return;
            case RecordType.HardState:
                OnHardState(at, header, HardStatePayload.Read(payload));
                return;
            case RecordType.Truncate:
                OnTruncate(at, header);
                return;
            case RecordType.Checkpoint:
                OnCheckpoint(at, header, CheckpointPayload.Decode(payload));
                return;
            case RecordType.ReplicaState:
                OnReplicaState(at, header, ReplicaStatePayload.Decode(payload));
                return;
            case RecordType.Suspect:
                OnSuspect(at, header, System.Text.Encoding.UTF8.GetString(payload));
                return;
            default:
                Check.That(false, $"a record of type {header.Type} at {at}.");
                return;
        }
    }

    private static LogPosition PositionOf(in RecordHeader header) => new(new LogIndex(header.Index), new Term(header.Term));

    /// <summary>The log that a record belongs to. When this is the first that we see of the replica, it starts before <paramref name="first"/>'s place; null for a record of a
    /// replica that is gone.</summary>
    private ReplicaLog? Open(in RecordHeader header, LogPosition first)
    {
        var range = new RangeId(header.Range);
        var replica = new ReplicaId(header.Replica);
        ReplicaLog? log = replicas.Find(range);
        if (log is not null && log.Replica == replica)
        {
            return log;
        }

        if ((log is not null && log.Replica.Value > replica.Value) || replicas.IsTombstoned(range, replica))
        {
            return null;
        }

        log = replicas.Add(range, replica);
        var trouble = new RangeTrouble { FloorIsUnknown = true, Doubt = _hidden };
        _troubles[range] = trouble;
        log.StartAt(Before(header, first));
        return log;
    }

    private static LogPosition Before(in RecordHeader header, LogPosition first) =>
        header.Type == RecordType.Entry && first.Index > LogIndex.Zero
            ? new LogPosition(first.Index.Previous, new Term(first.Term.Value - header.Step))
            : first;

    private bool Continues(ReplicaLog log, in RecordHeader header)
    {
        LogPosition entry = PositionOf(header);
        RangeTrouble trouble = TroubleOf(log.Range);
        if (trouble.LastIsUnknown && entry.Index > log.Last.Index)
        {
            log.StartAt(Before(header, entry));
            trouble.LastIsUnknown = false;
            trouble.FloorIsUnknown = true;
            return true;
        }

        if (entry.Index == log.Last.Index.Next && entry.Term >= log.Last.Term &&
            (header.Step == RecordHeader.LargestStep || header.Step == entry.Term.Value - log.Last.Term.Value))
        {
            return true;
        }

        trouble.Broken ??=
            $"Entry {entry.Index} of term {entry.Term} follows entry {log.Last.Index} of term {log.Last.Term} in the binlog: records between them are missing.";
        return false;
    }

    private void OnEntry(BinlogPosition at, in RecordHeader header)
    {
        LogPosition entry = PositionOf(header);
        if (Open(header, entry) is { } log && Continues(log, header))
        {
            log.Append(entry, at, header.TotalSize);
        }
    }

    private void OnRelocatedEntry(BinlogPosition at, in RecordHeader header)
    {
        LogPosition entry = PositionOf(header);
        if (replicas.Find(new RangeId(header.Range)) is not { } log || log.Replica.Value != header.Replica ||
            entry.Index <= log.Floor.Index || entry.Index > log.Last.Index)
        {
            return;
        }

        if (log.TermOf(entry.Index) == entry.Term)
        {
            log.Moved(entry.Index, at, header.TotalSize);
        }
        else
        {
            TroubleOf(log.Range).Broken ??= $"Entry {entry.Index} was relocated with term {entry.Term}, where the log has term {log.TermOf(entry.Index)}.";
        }
    }

    private void OnHardState(BinlogPosition at, in RecordHeader header, HardStatePayload payload)
    {
        if (Open(header, payload.Last) is not { } log)
        {
            return;
        }

        RangeTrouble trouble = TroubleOf(log.Range);
        if (trouble.LastIsUnknown)
        {
            log.StartAt(payload.Last);
            trouble.LastIsUnknown = false;
            trouble.FloorIsUnknown = true;
        }

        ProveLast(log, trouble, payload.Last, at);
        log.SetHardState(new HardState(new Term(header.Term), payload.Vote, new LogIndex(header.Index)), at.Segment);
    }

    /// <summary>A full record behind damage: either it shows that nothing of this range is missing, or that something is.</summary>
    private static void ProveLast(ReplicaLog log, RangeTrouble trouble, LogPosition last, BinlogPosition at)
    {
        if (log.Last == last)
        {
            trouble.Doubt = null;
        }
        else
        {
            trouble.Broken ??=
                $"The record at {at} says that the log ended at entry {last.Index} of term {last.Term}, but it ends at entry {log.Last.Index} of term {log.Last.Term}.";
        }
    }

    private void OnTruncate(BinlogPosition at, in RecordHeader header)
    {
        LogPosition last = PositionOf(header);
        if (Open(header, last) is not { } log)
        {
            return;
        }

        RangeTrouble trouble = TroubleOf(log.Range);
        if (trouble.LastIsUnknown || (trouble.FloorIsUnknown && last.Index < log.Floor.Index))
        {
            log.StartAt(last);
            trouble.LastIsUnknown = false;
            trouble.FloorIsUnknown = true;
        }
        else if (last.Index >= log.Floor.Index && last.Index <= log.Last.Index && log.TermOf(last.Index) == last.Term)
        {
            log.Truncate(last);
        }
        else
        {
            trouble.Broken ??= $"The record at {at} cuts the log at entry {last.Index} of term {last.Term}, which is not there.";
        }
    }

    private void OnSuspect(BinlogPosition at, in RecordHeader header, string reason)
    {
        bool known = replicas.Find(new RangeId(header.Range)) is { } found && found.Replica.Value == header.Replica;
        if (Open(header, LogPosition.Zero) is not { } log)
        {
            return;
        }

        if (!known)
        {
            TroubleOf(log.Range).LastIsUnknown = true;
        }

        log.SetSuspicion(reason, at.Segment);
    }

    private void OnCheckpoint(BinlogPosition at, in RecordHeader header, CheckpointPayload payload)
    {
        bool known = replicas.Find(new RangeId(header.Range)) is { } found && found.Replica.Value == header.Replica;
        if (Open(header, payload.Floor) is not { } log)
        {
            return;
        }

        RangeTrouble trouble = TroubleOf(log.Range);
        if (!known)
        {
            trouble.LastIsUnknown = true;
        }
        else if (trouble.FloorIsUnknown && payload.Floor.Index >= log.Floor.Index)
        {
            trouble.FloorIsUnknown = false;
        }

        if (payload.Floor.Index > log.Last.Index && !trouble.LastIsUnknown)
        {
            trouble.Broken ??= $"The record at {at} moves the floor to entry {payload.Floor.Index}, behind the log's end at {log.Last.Index}.";
        }

        trouble.StatedFloor = payload.Floor;
        log.SetCheckpoint(payload.Checkpoint, payload.Floor, at.Segment);
    }

    private void OnReplicaState(BinlogPosition at, in RecordHeader header, ReplicaStatePayload payload)
    {
        if (Open(header, payload.Floor) is not { } log)
        {
            return;
        }

        RangeTrouble trouble = TroubleOf(log.Range);
        if (trouble.FloorIsUnknown || trouble.LastIsUnknown)
        {
            log.Restate(payload, at.Segment);
            trouble.FloorIsUnknown = trouble.LastIsUnknown = false;
            trouble.Doubt = null;
        }
        else
        {
            ProveLast(log, trouble, payload.Last, at);
            log.SetHardState(payload.HardState, at.Segment);
        }
    }

    private void Begin(BinlogPosition at, in RecordHeader header, CheckpointPayload payload)
    {
        var range = new RangeId(header.Range);
        var replica = new ReplicaId(header.Replica);
        if (replicas.IsTombstoned(range, replica) || (replicas.Find(range) is { } other && other.Replica.Value > replica.Value))
        {
            return;
        }

        if (replicas.Find(range) is { } log && log.Replica == replica)
        {
            TroubleOf(range).Doubt = null;
            TroubleOf(range).FloorIsUnknown = TroubleOf(range).LastIsUnknown = false;
        }
        else
        {
            log = replicas.Add(range, replica);
            _troubles.Remove(range);
        }

        log.Install(payload.Checkpoint, at.Segment);
    }
}
