namespace RaftDb.Raft.Log;

/// <summary>The terms of all retained entries, as runs: the term of any entry is known without reading it.</summary>
internal sealed class TermHistory
{
    private readonly List<TermRun> _runs;

    public TermHistory(LogPosition floor, LogIndex last, IReadOnlyList<TermRun> runs)
    {
        Floor = floor;
        Last = last;
        _runs = [.. runs];
        Check.That(last >= floor.Index, $"the log ends at {last}, before its floor {floor.Index}");
        Check.That(_runs.Count > 0 == last > floor.Index, $"{_runs.Count} term runs for ({floor.Index}, {last}]");
        Check.That(
            _runs.Count == 0 || _runs[0].First == floor.Index.Next,
            $"the first term run does not begin after the floor {floor.Index}");
        for (int i = 1; i < _runs.Count; i++)
        {
            Check.That(
                _runs[i].First > _runs[i - 1].First && _runs[i].Term > _runs[i - 1].Term && _runs[i].First <= last,
                $"term runs {_runs[i - 1]} and {_runs[i]} are out of order");
        }
    }

    /// <summary>The entry before the first retained one.</summary>
    public LogPosition Floor { get; private set; }

    public LogIndex Last { get; private set; }

    public Term LastTerm => _runs.Count > 0 ? _runs[^1].Term : Floor.Term;

    public void Append(LogIndex index, Term term)
    {
        Check.That(index == Last.Next, $"entry {index} does not follow {Last}");
        Check.That(term >= LastTerm, $"entry {index} of term {term} follows one of term {LastTerm}");
        if (_runs.Count == 0 || term > _runs[^1].Term)
        {
            _runs.Add(new TermRun(index, term));
        }

        Last = index;
    }

    public void CutFrom(LogIndex index)
    {
        Check.That(index > Floor.Index && index <= Last, $"cut at {index} of a log ({Floor.Index}, {Last}]");
        while (_runs.Count > 0 && _runs[^1].First >= index)
        {
            _runs.RemoveAt(_runs.Count - 1);
        }

        Last = index.Previous;
    }

    public void MoveFloor(LogPosition floor)
    {
        int covered = 0;
        while (covered + 1 < _runs.Count && _runs[covered + 1].First <= floor.Index.Next)
        {
            covered++;
        }

        _runs.RemoveRange(0, covered);
        if (floor.Index == Last)
        {
            _runs.Clear();
        }
        else
        {
            _runs[0] = _runs[0] with { First = floor.Index.Next };
        }

        Floor = floor;
    }

    public void Reset(LogPosition position)
    {
        _runs.Clear();
        Floor = position;
        Last = position.Index;
    }

    /// <summary>The term of a retained entry or of the floor.</summary>
    public bool TryTermOf(LogIndex index, out Term term)
    {
        term = Floor.Term;
        if (index == Floor.Index)
        {
            return true;
        }

        if (index < Floor.Index || index > Last)
        {
            return false;
        }

        term = _runs[RunOf(index)].Term;
        return true;
    }

    /// <summary>The last position at or before <paramref name="index"/> whose term is at most <paramref name="term"/>: where a log that
    /// has <paramref name="term"/> at <paramref name="index"/> may agree with this one. The term is zero where it is not known.</summary>
    public LogPosition LastNotAfter(LogIndex index, Term term)
    {
        if (index > Last)
        {
            return new LogPosition(index, Term.Zero);
        }

        if (index > Floor.Index)
        {
            int run = RunOf(index);
            while (run >= 0 && _runs[run].Term > term)
            {
                index = _runs[run].First.Previous;
                run--;
            }

            if (run >= 0)
            {
                return new LogPosition(index, _runs[run].Term);
            }
        }

        if (index == Floor.Index && Floor.Term <= term)
        {
            return Floor;
        }

        ulong below = Math.Min(index.Value, Floor.Index.Value == 0 ? 0 : Floor.Index.Value - 1);
        return new LogPosition(new LogIndex(below), Term.Zero);
    }

    private int RunOf(LogIndex index)
    {
        int low = 0;
        int high = _runs.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_runs[middle].First <= index)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}
