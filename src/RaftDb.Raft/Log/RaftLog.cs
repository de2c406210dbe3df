namespace RaftDb.Raft.Log;

/// <summary>The log of one replica: in memory what is not durable yet, not applied yet, or recent; the rest through
/// <see cref="ILogReader"/>. Knows which prefix is durable, committed and applied.</summary>
internal sealed class RaftLog
{
    private readonly RaftOptions _options;
    private readonly ILogReader _reader;
    private readonly TermHistory _terms;
    private readonly EntryRing _ring;
    private readonly PendingWrites _writes = new();
    private LogIndex _firstUnwritten;

    public RaftLog(RaftOptions options, RaftStart start, ILogReader reader)
    {
        _options = options;
        _reader = reader;
        _terms = new TermHistory(start.Floor, start.Last, start.TermRuns);
        _ring = new EntryRing(start.Last.Next);
        _firstUnwritten = start.Last.Next;
        Persisted = start.Last;
        Applied = start.Applied;
        Commit = LogIndex.Max(start.HardState.Commit, start.Applied);
        if (start.Suspect)
        {
            Commit = LogIndex.Min(Commit, start.Last);
            Applied = LogIndex.Min(Applied, Commit);
        }

        Check.That(Commit <= start.Last, $"commit {Commit} is beyond the end of the log {start.Last}");
        Check.That(start.Suspect || start.Floor.Index <= Applied, $"floor {start.Floor.Index} is beyond applied {Applied}");
    }

    public LogPosition Floor => _terms.Floor;

    public LogIndex LastIndex => _terms.Last;

    public LogPosition Last => new(_terms.Last, _terms.LastTerm);

    /// <summary>Every entry up to here is durable in this replica's own log.</summary>
    public LogIndex Persisted { get; private set; }

    public LogPosition LastPersisted => new(Persisted, TermOf(Persisted));

    public LogIndex Commit { get; private set; }

    public LogPosition LastCommitted => new(Commit, TermOf(Commit));

    public LogIndex Applied { get; private set; }

    public bool TryTermOf(LogIndex index, out Term term) => _terms.TryTermOf(index, out term);

    public Term TermOf(LogIndex index)
    {
        bool known = _terms.TryTermOf(index, out Term term);
        Check.That(known, $"the term of entry {index} is not known in ({Floor.Index}, {LastIndex}]");
        return term;
    }

    public bool Contains(LogPosition position) => _terms.TryTermOf(position.Index, out Term term) && term == position.Term;

    public LogPosition LastNotAfter(LogIndex index, Term term) => _terms.LastNotAfter(index, term);

    public void Append(in Entry entry)
    {
        _terms.Append(entry.Index, entry.Term);
        _ring.Add(entry);
    }

    /// <summary>Removes <paramref name="index"/> and everything after it, none of which is committed.</summary>
    public void CutFrom(LogIndex index)
    {
        Check.That(index > Commit, $"entry {index} was to be replaced although {Commit} is committed");
        _terms.CutFrom(index);
        _ring.CutFrom(index);
        Persisted = LogIndex.Min(Persisted, index.Previous);
        _firstUnwritten = LogIndex.Min(_firstUnwritten, index);
    }

    /// <summary>Adds to <paramref name="into"/> what was appended since the last call: one write.</summary>
    public void TakeUnwritten(List<Entry> into)
    {
        if (_firstUnwritten > LastIndex)
        {
            return;
        }

        _ring.CopyTo(_firstUnwritten, (int)(LastIndex.Next - _firstUnwritten), into);
        _writes.Add(_firstUnwritten, Last);
        _firstUnwritten = LastIndex.Next;
    }

    /// <summary>A write completed. Says whether more of the log is durable than was known.</summary>
    public bool MarkPersisted(LogPosition last)
    {
        LogIndex durable = _writes.Complete(last);
        if (durable <= Persisted || (!Contains(last) && !Mutants.StaleCompletionAccepted))
        {
            return false;
        }

        Persisted = durable;
        TrimCache();
        return true;
    }

    /// <summary>Moves the commit index; says whether it moved.</summary>
    public bool CommitTo(LogIndex index)
    {
        if (index <= Commit)
        {
            return false;
        }

        Check.That(index <= LastIndex, $"commit {index} is beyond the end of the log {LastIndex}");
        Commit = index;
        return true;
    }

    public void MarkApplied(LogIndex index)
    {
        Check.That(
            index <= Commit && index <= Persisted, $"applied {index}, commit {Commit}, persisted {Persisted}");
        Applied = index;
        TrimCache();
    }

    /// <summary>The log before and including <paramref name="floor"/> is gone.</summary>
    public void MoveFloor(LogPosition floor)
    {
        if (floor.Index <= Floor.Index)
        {
            return;
        }

        Check.That(floor.Index <= Applied, $"floor {floor.Index} is beyond applied {Applied}");
        Check.That(Contains(floor), $"floor {floor} is not an entry of the log");
        _terms.MoveFloor(floor);
        while (_ring.Count > 0 && _ring.First <= floor.Index)
        {
            _ring.DropFirst();
        }
    }

    /// <summary>A snapshot took the place of the whole log.</summary>
    public void Reset(LogPosition position)
    {
        _terms.Reset(position);
        _ring.Reset(position.Index.Next);
        _writes.Clear();
        _firstUnwritten = position.Index.Next;
        Persisted = position.Index;
        Commit = position.Index;
        Applied = position.Index;
    }

    /// <summary>Adds entries from <paramref name="from"/> to <paramref name="to"/> to <paramref name="into"/>, at least one and as many
    /// as fit into <paramref name="maxBytes"/>; fewer where memory and disk meet.</summary>
    public void Read(LogIndex from, LogIndex to, long maxBytes, List<Entry> into)
    {
        Check.That(from > Floor.Index && from <= to && to <= LastIndex, $"read of [{from}, {to}] in ({Floor.Index}, {LastIndex}]");
        if (from < _ring.First)
        {
            int before = into.Count;
            LogIndex end = LogIndex.Min(to, _ring.First.Previous);
            _reader.Read(from, end, (int)Math.Min(maxBytes, int.MaxValue), into);
            Check.That(into.Count > before && into[before].Index == from, $"the log reader did not return entry {from}");
            return;
        }

        int limit = (int)Math.Min(to.Next - from, int.MaxValue);
        int count = 0;
        long bytes = 0;
        while (count < limit)
        {
            bytes += _ring[from + (ulong)count].Size;
            if (count > 0 && bytes > maxBytes)
            {
                break;
            }

            count++;
        }

        _ring.CopyTo(from, count, into);
    }

    /// <summary>Forgets durable entries, oldest first, beyond the bound of the cache. What is not applied yet may stay for a
    /// while longer, since it will be needed soon; it is bounded all the same.</summary>
    private void TrimCache()
    {
        long patience = _options.EntryCacheBytes + _options.MaxUncommittedBytes;
        while (_ring.Count > 0 && _ring.First <= Persisted && _ring.Bytes > _options.EntryCacheBytes &&
            (_ring.First <= Applied || _ring.Bytes > patience))
        {
            _ring.DropFirst();
        }
    }
}
