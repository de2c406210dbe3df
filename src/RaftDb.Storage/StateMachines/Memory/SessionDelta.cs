using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>What changed of one session.</summary>
internal sealed class SessionDelta
{
    /// <summary>What one takes without results, about.</summary>
    public const int OwnBytes = 200;

    private readonly Dictionary<(ulong Sequence, uint Part), KeptResult> _results = [];
    private long _resultBytes;
    private ulong _last;

    /// <summary>Whether the session's row changed.</summary>
    public bool HasRow { get; private set; }

    /// <summary>The row; null when the session is gone.</summary>
    public SessionRow? Row { get; private set; }

    /// <summary>Results of sequences below this are gone from all layers under this one.</summary>
    public ulong Dropped { get; private set; }

    /// <summary>The results that came and stayed.</summary>
    public IReadOnlyDictionary<(ulong Sequence, uint Part), KeptResult> Results => _results;

    /// <summary>Replaces the row; null: the session is gone.</summary>
    public void Write(SessionRow? row)
    {
        HasRow = true;
        Row = row;
    }

    /// <summary>Keeps a result; answers what that takes.</summary>
    public long Add(ulong sequence, uint part, in KeptResult kept)
    {
        _results.Add((sequence, part), kept);
        _last = Math.Max(_last, sequence);
        _resultBytes += SizeOf(kept);
        return SizeOf(kept) + SessionRules.ResultOverhead;
    }

    /// <summary>Drops what lies below; answers what that took.</summary>
    public long Drop(ulong below)
    {
        Dropped = Math.Max(Dropped, below);
        long freed = 0;
        foreach (((ulong Sequence, uint Part) place, KeptResult kept) in _results)
        {
            // A dictionary may be removed from while it is gone through.
            if (place.Sequence < below)
            {
                _results.Remove(place);
                _resultBytes -= SizeOf(kept);
                freed += SizeOf(kept) + SessionRules.ResultOverhead;
            }
        }

        _last = _results.Count == 0 ? 0 : _last;
        return freed;
    }

    /// <summary>Measures the results of sequences from one on.</summary>
    public SessionSize Measure(ulong from)
    {
        if (from == 0)
        {
            return new(_results.Count, _resultBytes + ((long)_results.Count * SessionRules.ResultOverhead), _last);
        }

        SessionSize size = default;
        foreach (((ulong sequence, uint _), KeptResult kept) in _results)
        {
            if (sequence >= from)
            {
                size = new(size.Results + 1, size.Bytes + SizeOf(kept) + SessionRules.ResultOverhead, Math.Max(size.Last, sequence));
            }
        }

        return size;
    }

    private static int SizeOf(in KeptResult kept) => kept.Result.Length;
}
