using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The sessions of a range as commands find and change them: the layers in memory, the newest first, and what is in the file below. Used by the thread that applies.</summary>
internal sealed class LayeredSessions(IFileSessions file) : ISessionTable
{
    private SessionLayer[] _layers = [];

    private SessionLayer Top => _layers[0];

    /// <summary>Has other layers lie above the file, the newest first; it is the one that is written.</summary>
    public void Stack(SessionLayer[] layers) => _layers = layers;

    /// <inheritdoc/>
    public bool TryFind(SessionId session, out SessionRow row)
    {
        foreach (SessionLayer layer in _layers)
        {
            if (layer.Find(session) is { HasRow: true } delta)
            {
                row = delta.Row.GetValueOrDefault();
                return delta.Row is not null;
            }
        }

        return file.TryFind(session, out row);
    }

    /// <inheritdoc/>
    public void Write(SessionId session, in SessionRow row) => Top.Change(session).Write(row);

    /// <inheritdoc/>
    public void Delete(SessionId session) => Top.Change(session).Write(null);

    /// <inheritdoc/>
    public SessionSize Measure(SessionId session)
    {
        SessionSize whole = default;
        ulong dropped = 0;
        foreach (SessionLayer layer in _layers)
        {
            if (layer.Find(session) is { } delta)
            {
                whole = Sum(whole, delta.Measure(dropped));
                dropped = Math.Max(dropped, delta.Dropped);
            }
        }

        return Sum(whole, file.Measure(session, dropped));
    }

    /// <inheritdoc/>
    public bool TryResult(SessionId session, ulong sequence, uint part, out KeptResult kept)
    {
        kept = default;
        foreach (SessionLayer layer in _layers)
        {
            if (layer.Find(session) is not { } delta)
            {
                continue;
            }

            if (delta.Results.TryGetValue((sequence, part), out kept))
            {
                return true;
            }

            if (sequence < delta.Dropped)
            {
                return false;
            }
        }

        return file.TryResult(session, sequence, part, out kept);
    }

    /// <inheritdoc/>
    public void AddResult(SessionId session, ulong sequence, uint part, ReadOnlySpan<byte> hash, byte[] result) =>
        Top.Add(session, sequence, part, new(hash.ToArray(), result));

    /// <inheritdoc/>
    public void DropResults(SessionId session, ulong below) => Top.Drop(session, below);

    /// <inheritdoc/>
    public void Due(SessionState state, long milliseconds, int limit, List<SessionId> sessions)
    {
        foreach ((long _, SessionId session) in Due(state, milliseconds).Take(limit))
        {
            sessions.Add(session);
        }
    }

    /// <inheritdoc/>
    public long EarliestUse()
    {
        foreach ((long time, SessionId _) in Due(SessionState.Open, long.MaxValue))
        {
            return Math.Max(1, time);
        }

        return 0;
    }

    /// <inheritdoc/>
    public SessionCounts Count()
    {
        SessionCounts counts = file.Count();
        foreach ((SessionId session, SessionRow? row) in Changed())
        {
            if (file.TryFind(session, out SessionRow before))
            {
                counts = Add(counts, before.State, -1);
            }

            if (row is { } now)
            {
                counts = Add(counts, now.State, 1);
            }
        }

        return counts;
    }

    private static SessionSize Sum(in SessionSize one, in SessionSize other) =>
        new(one.Results + other.Results, one.Bytes + other.Bytes, Math.Max(one.Last, other.Last));

    private static SessionCounts Add(in SessionCounts counts, SessionState state, long by) => state switch
    {
        SessionState.Open => counts with { Open = counts.Open + by },
        SessionState.Ended => counts with { Ended = counts.Ended + by },
        _ => counts with { EndedForEver = counts.EndedForEver + by },
    };

    /// <summary>The rows that changed above the file, as they are now.</summary>
    private Dictionary<SessionId, SessionRow?> Changed()
    {
        Dictionary<SessionId, SessionRow?> changed = [];
        foreach (SessionLayer layer in _layers)
        {
            foreach ((SessionId session, SessionDelta delta) in layer.Deltas)
            {
                if (delta.HasRow)
                {
                    changed.TryAdd(session, delta.Row);
                }
            }
        }

        return changed;
    }

    /// <summary>The sessions of a state up to a time, in order: those of the file that did not change since, and those that did.</summary>
    private IEnumerable<(long Time, SessionId Session)> Due(SessionState state, long milliseconds)
    {
        Dictionary<SessionId, SessionRow?> changed = Changed();
        List<(long Time, SessionId Session)> here = [];
        foreach ((SessionId session, SessionRow? row) in changed)
        {
            if (row is { } now && now.State == state && now.Time <= milliseconds)
            {
                here.Add((now.Time, session));
            }
        }

        here.Sort(ByTime);
        int next = 0;
        foreach ((long Time, SessionId Session) due in file.Due(state, milliseconds))
        {
            if (changed.ContainsKey(due.Session))
            {
                continue;
            }

            while (next < here.Count && ByTime(here[next], due) < 0)
            {
                yield return here[next++];
            }

            yield return due;
        }

        while (next < here.Count)
        {
            yield return here[next++];
        }
    }

    private static int ByTime((long Time, SessionId Session) x, (long Time, SessionId Session) y)
    {
        int byTime = x.Time.CompareTo(y.Time);
        return byTime != 0 ? byTime : x.Session.Value.CompareTo(y.Session.Value);
    }
}
