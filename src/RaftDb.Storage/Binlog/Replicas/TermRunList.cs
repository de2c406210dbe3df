using RaftDb.Raft;
using RaftDb.Raft.Log;

namespace RaftDb.Storage.Binlog.Replicas;

/// <summary>The terms of a log's entries, as runs.</summary>
internal sealed class TermRunList
{
    private readonly List<TermRun> _runs = [];

    public TermRun[] ToArray() => [.. _runs];

    public void Reset(IEnumerable<TermRun> runs)
    {
        _runs.Clear();
        _runs.AddRange(runs);
    }

    public void Append(LogIndex index, Term term)
    {
        if (_runs.Count == 0 || _runs[^1].Term != term)
        {
            _runs.Add(new TermRun(index, term));
        }
    }

    /// <summary>The log now ends at this index.</summary>
    public void TruncateAfter(LogIndex last)
    {
        while (_runs.Count > 0 && _runs[^1].First > last)
        {
            _runs.RemoveAt(_runs.Count - 1);
        }
    }

    /// <summary>The log now begins after this index.</summary>
    public void DropThrough(LogIndex floor)
    {
        int gone = 0;
        while (gone + 1 < _runs.Count && _runs[gone + 1].First <= floor.Next)
        {
            gone++;
        }

        _runs.RemoveRange(0, gone);
        if (_runs.Count > 0 && _runs[0].First <= floor)
        {
            _runs[0] = _runs[0] with { First = floor.Next };
        }
    }

    /// <summary>The term of an entry that one of the runs holds.</summary>
    public Term TermOf(LogIndex index)
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

        Check.That(low < _runs.Count && _runs[low].First <= index, $"no term is known for entry {index}.");
        return _runs[low].Term;
    }
}
