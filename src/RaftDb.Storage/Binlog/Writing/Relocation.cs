using System.Text;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;
using RaftDb.Storage.Binlog.Segments;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>Writes what is still live in the oldest segment again, at the front of the log, slice by slice, when that segment holds back more than its share: so one slow
/// or idle range can't pin the disk. Writer thread only.</summary>
internal sealed class Relocation(SegmentTable segments, ReplicaTable replicas, BinlogOptions options)
{
    /// <summary>Slices of a segment at least.</summary>
    private const int MinSlices = 8;

    /// <summary>Segments that may stay however little of them is live.</summary>
    private const int SlackSegments = 4;

    /// <summary>Read at a time, so that appends that wait for the same batch don't wait long.</summary>
    private readonly int _sliceBytes = (int)Math.Min(256 << 10, options.SegmentBytes / MinSlices);

    private readonly List<(ReplicaLog Log, LogIndex Index, ulong From, BinlogPosition To, int Size)> _moved = [];
    private readonly List<Action> _restated = [];
    private readonly HashSet<RangeId> _introduced = [];
    private byte[] _slice = [];
    private Segment? _source;
    private uint _cursor;
    private uint _nextCursor;
    private uint _target;
    private long _abortedAt;
    private Queue<Func<StateRecord?>>? _states;

    /// <summary>Whether there is something to write again now.</summary>
    public bool IsActive => _source is not null;

    /// <summary>More is held than live records account for.</summary>
    private bool IsOverfull => segments.Count > SlackSegments && segments.UsedBytes > (2 * segments.LiveBytes) + (SlackSegments * options.SegmentBytes);

    /// <summary>Small state may use the reserve of a full disk: moving it makes room.</summary>
    public bool MayUseReserve => _source is { LiveEntries: 0 };

    /// <summary>The oldest segments have to go, and this log's first entries stand there.</summary>
    public bool IsInTheWay(ReplicaLog log) =>
        IsOverfull && log.Last.Index > log.Floor.Index &&
        BinlogPosition.Unpack(log.PositionOf(log.Floor.Index.Next)).Segment <= segments.First + 1;

    /// <summary>Looks whether the oldest segment should be emptied, once the one before is gone.</summary>
    public void Consider(bool isFull)
    {
        if (_source is not null || segments.Find(segments.First) is not { } oldest || oldest == segments.Active || oldest.IsDamaged || oldest.IsEmptied || !oldest.IsNeeded)
        {
            return;
        }

        if (isFull && (oldest.LiveEntries > 0 || _abortedAt == segments.Active?.End))
        {
            return;
        }

        // A segment with nothing left but small state is emptied at once: that is cheap. Entries are copied only for good reason.
        if (oldest.LiveEntries == 0 || IsOverfull)
        {
            _source = oldest;
            _cursor = SegmentHeader.BlockSize;
            _states = null;
            _introduced.Clear();
        }
    }

    /// <summary>A segment leaves, because nobody needs it any more: if it was being emptied, there is nothing left to be moved, and soon no file to read from. Called between two batches.</summary>
    public void Leaves(Segment segment)
    {
        if (_source == segment)
        {
            _source = null;
            _states = null;
        }
    }

    /// <summary>Gives the current pass up; what was published of it stays.</summary>
    public void Abort()
    {
        _abortedAt = segments.Active?.End ?? 0;
        _source = null;
        _moved.Clear();
        _restated.Clear();
    }

    /// <summary>Adds records to the batch, as long as there is room. Answers 0, or the bytes that not even the first record finds room for.</summary>
    public int Fill(BatchBuilder batch, int room)
    {
        if (_source is null)
        {
            return 0;
        }

        if (_target != batch.Position.Segment)
        {
            _target = batch.Position.Segment; // Each segment must tell by itself whose the relocated entries in it are.
            _introduced.Clear();
        }

        _nextCursor = _cursor;
        return _cursor < _source.End ? FillEntries(batch, room) : FillStates(batch, room);
    }

    /// <summary>The batch is durable.</summary>
    public void Publish()
    {
        foreach ((ReplicaLog log, LogIndex index, ulong from, BinlogPosition to, int size) in _moved)
        {
            if (log.PositionOf(index) == from)
            {
                log.Moved(index, to, size);
            }
        }

        foreach (Action restate in _restated)
        {
            restate();
        }

        _moved.Clear();
        _restated.Clear();
        if (_source is null)
        {
            return;
        }

        _cursor = _nextCursor;
        if (_cursor >= _source.End && _states is { Count: 0 })
        {
            _source.IsEmptied = true;
            _source = null;
        }
    }

    /// <summary>The batch was not written after all.</summary>
    public void Forget()
    {
        _moved.Clear();
        _restated.Clear();
        _states = null;
        _introduced.Clear();
    }

    private int FillEntries(BatchBuilder batch, int room)
    {
        int limit = Math.Min(room, _sliceBytes);
        Segment source = _source!;
        int length = ReadSlice(_sliceBytes);
        int at = 0;
        while (_nextCursor < source.End)
        {
            ReadOnlySpan<byte> rest = _slice.AsSpan(at, length - at);
            if (rest.Length < RecordHeader.Size)
            {
                break;
            }

            if (!RecordHeader.TryReadHeaderOnly(rest, source.Incarnation, _nextCursor, out RecordHeader header))
            {
                return GiveUp();
            }

            int size = header.Type == RecordType.Batch ? RecordHeader.Size : header.TotalSize;
            if (size > rest.Length)
            {
                if (at > 0)
                {
                    break;
                }

                length = ReadSlice(size);
                if (length < size)
                {
                    return GiveUp();
                }

                rest = _slice.AsSpan(0, length);
            }

            if (IsLive(header) is { } log)
            {
                int needed = batch.Length + size + StateSize(log);
                if (needed > limit && _moved.Count > 0)
                {
                    break;
                }

                if (needed > room)
                {
                    return needed;
                }

                if (!header.PayloadIsValid(rest))
                {
                    return GiveUp();
                }

                Introduce(batch, log);
                _moved.Add((log, new LogIndex(header.Index), new BinlogPosition(source.Number, _nextCursor).Packed, batch.Position, size));
                batch.Add(header with { Type = RecordType.RelocatedEntry }, rest.Slice(RecordHeader.Size, header.Length).ToArray());
            }

            at += size;
            _nextCursor += (uint)size;
        }

        return 0;
    }

    private int FillStates(BatchBuilder batch, int room)
    {
        _states ??= CollectStates(_source!.Number);
        int limit = Math.Min(room, _sliceBytes);
        while (_states.TryPeek(out Func<StateRecord?>? make))
        {
            if (make() is { } record)
            {
                int needed = batch.Length + record.Header.TotalSize;
                if (needed > limit && _restated.Count > 0)
                {
                    break;
                }

                if (needed > room)
                {
                    return needed;
                }

                Add(batch, record);
            }

            _states.Dequeue();
        }

        return 0;
    }

    private Queue<Func<StateRecord?>> CollectStates(uint number)
    {
        var states = new Queue<Func<StateRecord?>>();
        foreach (ReplicaLog log in replicas.All)
        {
            if (log.HardStateSegment == number)
            {
                states.Enqueue(() => IsThere(log) ? State(log) : null);
            }

            if (log.CheckpointSegment == number)
            {
                states.Enqueue(() => IsThere(log) ? CheckpointOf(log) : null);
            }

            if (log.SuspicionSegment == number)
            {
                states.Enqueue(() => IsThere(log) ? SuspicionOf(log) : null);
            }
        }

        foreach ((Tombstone tombstone, uint segment) in replicas.Tombstones)
        {
            if (segment == number)
            {
                states.Enqueue(() => new StateRecord(
                    new RecordHeader(RecordType.Tombstone, 0, 0, 0, tombstone.Range.Value, tombstone.Replica.Value, 0, 0), [],
                    to => replicas.Bury(tombstone.Range, tombstone.Replica, to)));
            }
        }

        return states;
    }

    private void Introduce(BatchBuilder batch, ReplicaLog log)
    {
        if (_introduced.Add(log.Range))
        {
            Add(batch, State(log));
        }
    }

    private void Add(BatchBuilder batch, StateRecord record)
    {
        uint segment = batch.Position.Segment;
        batch.Add(record.Header, record.Payload);
        _restated.Add(() => record.Published(segment));
    }

    private StateRecord State(ReplicaLog log) => Record(
        log, RecordType.ReplicaState, log.Last,
        new ReplicaStatePayload(log.HardState, log.Floor, log.Last, log.TermRuns).Encode(), to => log.SetHardState(log.HardState, to));

    private StateRecord CheckpointOf(ReplicaLog log) => Record(
        log, RecordType.Checkpoint, log.Checkpoint!.Position,
        new CheckpointPayload(log.Floor, log.Checkpoint).Encode(), log.CheckpointMoved);

    private StateRecord SuspicionOf(ReplicaLog log) => Record(
        log, RecordType.Suspect, LogPosition.Zero, Encoding.UTF8.GetBytes(log.Suspicion!), to => log.SetSuspicion(log.Suspicion!, to));

    private StateRecord Record(ReplicaLog log, RecordType type, LogPosition position, byte[] payload, Action<uint> published) => new(
        new RecordHeader(type, 0, 0, payload.Length, log.Range.Value, log.Replica.Value, position.Term.Value, position.Index.Value), payload,
        to =>
        {
            if (IsThere(log))
            {
                published(to);
            }
        });

    private bool IsThere(ReplicaLog log) => replicas.Find(log.Range) == log;

    private ReplicaLog? IsLive(in RecordHeader header)
    {
        if (header.Type is not (RecordType.Entry or RecordType.RelocatedEntry) || replicas.Find(new RangeId(header.Range)) is not { } log)
        {
            return null;
        }

        return log.PositionOf(new LogIndex(header.Index)) == new BinlogPosition(_source!.Number, _nextCursor).Packed ? log : null;
    }

    private static int StateSize(ReplicaLog log) => RecordHeader.Size + 128 + (log.TermRuns.Length * 16);

    private int ReadSlice(int bytes)
    {
        if (_slice.Length < bytes)
        {
            _slice = new byte[bytes];
        }

        int wanted = (int)Math.Min(Math.Max(bytes, _sliceBytes), _source!.End - _nextCursor);
        return _source.File.Read(_slice.AsSpan(0, Math.Min(wanted, _slice.Length)), _nextCursor);
    }

    /// <summary>Something in the segment can't be read: it stays where it is, and the next start reports it.</summary>
    private int GiveUp()
    {
        _source!.IsDamaged = true;
        _source = null;
        return 0;
    }

    /// <summary>A small record to be written again, and what makes its new place known.</summary>
    private sealed record StateRecord(RecordHeader Header, byte[] Payload, Action<uint> Published);
}
