using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Simulation.States;

/// <summary>The sessions as a transaction changes them: what the product's table is over SQLite, over immutable maps.</summary>
internal sealed class SimSessionTable : ISessionTable
{
    /// <summary>As they are now. To be set where a transaction begins, and taken where it ends.</summary>
    public SimSessions Now { get; set; } = SimSessions.None;

    public bool TryFind(SessionId session, out SessionRow row) => Now.Rows.TryGetValue(session.Value, out row);

    public void Write(SessionId session, in SessionRow row) => Now = Now.With(session.Value, row);

    public void Delete(SessionId session) => Now = Now.Without(session.Value);

    public SessionSize Measure(SessionId session)
    {
        int count = 0;
        long bytes = 0;
        ulong last = 0;
        foreach (((UInt128 Session, ulong Sequence, uint Part) place, KeptResult kept) in Now.Results.Where(r => r.Key.Session == session.Value))
        {
            count++;
            bytes += kept.Result.Length + SessionRules.ResultOverhead;
            last = Math.Max(last, place.Sequence);
        }

        return new(count, bytes, last);
    }

    public bool TryResult(SessionId session, ulong sequence, uint part, out KeptResult kept) =>
        Now.Results.TryGetValue((session.Value, sequence, part), out kept);

    public void AddResult(SessionId session, ulong sequence, uint part, ReadOnlySpan<byte> hash, byte[] result) =>
        Now = Now.With((session.Value, sequence, part), new KeptResult(hash.ToArray(), result));

    public void DropResults(SessionId session, ulong below)
    {
        foreach ((UInt128 Session, ulong Sequence, uint Part) place in Now.Results.Keys.Where(k => k.Session == session.Value && k.Sequence < below).ToList())
        {
            Now = Now.Without(place);
        }
    }

    public void Due(SessionState state, long milliseconds, int limit, List<SessionId> sessions) =>
        sessions.AddRange(Now.Rows.Where(r => r.Value.State == state && r.Value.Time <= milliseconds)
            .OrderBy(r => r.Value.Time).ThenBy(r => r.Key).Take(limit).Select(r => new SessionId(r.Key)));

    public long EarliestUse() =>
        Now.Rows.Values.Where(r => r.State == SessionState.Open).Select(r => Math.Max(1, r.Time)).DefaultIfEmpty(0).Min();

    public SessionCounts Count() => new(
        Now.Rows.Values.Count(r => r.State == SessionState.Open),
        Now.Rows.Values.Count(r => r.State == SessionState.Ended),
        Now.Rows.Values.Count(r => r.State == SessionState.EndedForEver));
}
