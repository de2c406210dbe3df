using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Segments;

namespace RaftDb.Storage.Binlog.Replicas;

/// <summary>What is durable of one replica, and where its entries stand. Changed by the writer thread (by recovery before that) and under the
/// lock of this object, so that readers of other threads see whole steps.</summary>
internal sealed class ReplicaLog(RangeId range, ReplicaId replica, SegmentTable segments)
{
    private readonly EntryIndex _index = new();
    private readonly TermRunList _terms = new();

    /// <summary>Entries at or below the floor and above this can still be read, until who reads the log has heard of the floor.</summary>
    private LogIndex _kept;

    public RangeId Range { get; } = range;

    public ReplicaId Replica { get; } = replica;

    public HardState HardState { get; private set; }

    /// <summary>The entry before the first retained one.</summary>
    public LogPosition Floor { get; private set; }

    public LogPosition Last { get; private set; }

    public RangeCheckpoint? Checkpoint { get; private set; }

    public string? Suspicion { get; private set; }

    /// <summary>Segments that hold the current record of each kind; 0 = none.</summary>
    public uint HardStateSegment { get; private set; }

    public uint CheckpointSegment { get; private set; }

    public uint SuspicionSegment { get; private set; }

    /// <summary>The writer's: jobs of this replica in the batch being gathered, and what the log's end and hard state will be after them.</summary>
    public int StagedJobs { get; set; }

    public LogPosition StagedLast { get; set; }

    public HardState StagedHardState { get; set; }

    /// <summary>The writer's: a write was refused, so later ones may leave a gap and are refused as well.</summary>
    public bool HasRefused { get; set; }

    /// <summary>The writer's: which writes have to come again before others.</summary>
    public RefusedOrder Refused { get; } = new();

    public TermRun[] TermRuns => _terms.ToArray();

    /// <summary>Whether the log has grown since the last checkpoint; a range where it has not is idle.</summary>
    public bool HasGrown { get; private set; }

    /// <summary>The packed position of an entry; 0 when it is not there.</summary>
    public ulong PositionOf(LogIndex index)
    {
        lock (this)
        {
            return index > Floor.Index && index <= Last.Index ? _index[index.Value] : 0;
        }
    }

    /// <summary>As <see cref="PositionOf"/>, for readers: also of an entry that is compacted and still kept.</summary>
    public ulong ReadablePositionOf(LogIndex index)
    {
        lock (this)
        {
            return index > _kept && index <= Last.Index ? _index[index.Value] : 0;
        }
    }

    /// <summary>Copies the packed positions of entries [from, from + length of <paramref name="into"/>).</summary>
    public void CopyPositions(LogIndex from, Span<ulong> into)
    {
        lock (this)
        {
            Check.That(
                from > _kept && from + (ulong)into.Length <= Last.Index.Next,
                $"range {Range}: read of {into.Length} entries from {from} in a log of ({_kept}, {Last.Index}].");
            for (int i = 0; i < into.Length; i++)
            {
                into[i] = _index[from.Value + (ulong)i];
            }
        }
    }

    public Term TermOf(LogIndex index) =>
        index == Floor.Index ? Floor.Term : index == Last.Index ? Last.Term : _terms.TermOf(index);

    /// <summary>Adds the entry after the last one.</summary>
    public void Append(LogPosition entry, BinlogPosition at, int bytes)
    {
        Check.That(entry.Index == Last.Index.Next, $"range {Range}: entry {entry.Index} after {Last.Index}.");
        Check.That(entry.Term >= Last.Term, $"range {Range}: entry {entry.Index} of term {entry.Term} after term {Last.Term}.");
        lock (this)
        {
            Forget(_index.Set(entry.Index.Value, at.Packed, bytes));
            _terms.Append(entry.Index, entry.Term);
            Last = entry;
        }

        HasGrown = true;
        segments.EntriesAdded(at.Segment, 1);
    }

    /// <summary>Adds an entry that can't be read (its record is damaged).</summary>
    public void AppendMissing(LogPosition entry)
    {
        lock (this)
        {
            _terms.Append(entry.Index, entry.Term);
            Last = entry;
        }
    }

    /// <summary>Cuts the log behind a position.</summary>
    public void Truncate(LogPosition last)
    {
        Check.That(last.Index <= Last.Index && last.Index >= Floor.Index, $"range {Range}: cut at {last.Index} of ({Floor.Index}, {Last.Index}].");
        lock (this)
        {
            Clear(last.Index.Next, Last.Index);
            _terms.TruncateAfter(last.Index);
            Last = last;
        }
    }

    public void SetHardState(HardState state, uint segment)
    {
        // Within a term, and for one replica, the commit index never goes back whatever a late write says.
        HardState = state with { Commit = LogIndex.Max(state.Commit, HardState.Commit) };
        segments.StateMoved(HardStateSegment, segment);
        HardStateSegment = segment;
    }

    public void SetCheckpoint(RangeCheckpoint checkpoint, LogPosition floor, uint segment)
    {
        lock (this)
        {
            Checkpoint = checkpoint;
            if (floor.Index > Floor.Index)
            {
                Floor = floor;
                if (floor.Index >= Last.Index)
                {
                    Last = floor;
                    _terms.Reset([]);
                }
                else
                {
                    _terms.DropThrough(floor.Index);
                }
            }
        }

        HasGrown = false;
        CheckpointMoved(segment);
    }

    /// <summary>Nobody asks any more for entries up to this index, at most the floor.</summary>
    public void Release(LogIndex floor)
    {
        lock (this)
        {
            if (floor > _kept && floor <= Floor.Index)
            {
                Clear(_kept.Next, floor);
                _kept = floor;
            }
        }
    }

    /// <summary>The current checkpoint's record was written again elsewhere.</summary>
    public void CheckpointMoved(uint segment)
    {
        segments.StateMoved(CheckpointSegment, segment);
        CheckpointSegment = segment;
    }

    /// <summary>Starts the log anew behind a snapshot.</summary>
    public void Install(RangeCheckpoint checkpoint, uint segment)
    {
        lock (this)
        {
            Clear(_kept.Next, Last.Index);
            _terms.Reset([]);
            Floor = checkpoint.Position;
            Last = checkpoint.Position;
            _kept = Floor.Index;
        }

        SetHardState(HardStateAfter(HardState, checkpoint), segment);
        SetCheckpoint(checkpoint, checkpoint.Position, segment);
    }

    /// <summary>Who holds a snapshot of a term has seen that term; no vote was cast in a term that is only seen now.</summary>
    public static HardState HardStateAfter(HardState state, RangeCheckpoint installed)
    {
        if (state.Term < installed.Position.Term)
        {
            state = new HardState(installed.Position.Term, ReplicaId.None, state.Commit);
        }

        return state with { Commit = LogIndex.Max(state.Commit, installed.Position.Index) };
    }

    public void SetSuspicion(string reason, uint segment)
    {
        Suspicion = reason;
        segments.StateMoved(SuspicionSegment, segment);
        SuspicionSegment = segment;
    }

    /// <summary>A live entry was written again elsewhere.</summary>
    public void Moved(LogIndex index, BinlogPosition to, int bytes)
    {
        lock (this)
        {
            Forget(_index.Set(index.Value, to.Packed, bytes));
        }

        segments.EntriesAdded(to.Segment, 1);
    }

    /// <summary>Recovery: everything but the positions of the entries, as a relocation wrote it.</summary>
    public void Restate(ReplicaStatePayload state, uint segment)
    {
        lock (this)
        {
            if (Last.Index > state.Last.Index)
            {
                Clear(state.Last.Index.Next, Last.Index);
            }

            Floor = state.Floor;
            _kept = state.Floor.Index;
            Last = state.Last;
            _terms.Reset(state.TermRuns);
        }

        SetHardState(state.HardState, segment);
    }

    /// <summary>Recovery: the oldest records of this replica are gone and the first one seen tells what preceded it.</summary>
    public void StartAt(LogPosition floor)
    {
        lock (this)
        {
            Clear(_kept.Next, Last.Index);
            _terms.Reset([]);
            Floor = floor;
            Last = floor;
            _kept = floor.Index;
        }
    }

    /// <summary>The first retained entry whose place is not known; null when all are there.</summary>
    public LogIndex? FirstMissing()
    {
        for (LogIndex i = Floor.Index.Next; i <= Last.Index; i = i.Next)
        {
            if (_index[i.Value] == 0)
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>The lowest index above which at most so many bytes of entries stand, up to and including <paramref name="to"/>.</summary>
    public LogIndex IndexWithBytesAfter(LogIndex to, long bytes) => new(_index.IndexWithBytesAfter(Floor.Index.Value, to.Value, bytes));

    /// <summary>The replica is gone: nothing of it is needed.</summary>
    public void Drop()
    {
        lock (this)
        {
            Clear(_kept.Next, Last.Index);
            _kept = Floor.Index;
            Last = Floor;
        }

        segments.StateMoved(HardStateSegment, 0);
        segments.StateMoved(CheckpointSegment, 0);
        segments.StateMoved(SuspicionSegment, 0);
        HardStateSegment = CheckpointSegment = SuspicionSegment = 0;
    }

    private void Clear(LogIndex from, LogIndex to)
    {
        if (from <= to)
        {
            _index.Clear(from.Value, to.Value, Forget);
        }
    }

    private void Forget(ulong position)
    {
        if (position != 0)
        {
            segments.EntriesGone(BinlogPosition.Unpack(position).Segment, 1);
        }
    }
}
