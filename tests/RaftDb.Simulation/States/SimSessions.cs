using System.Collections.Immutable;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Simulation.States;

/// <summary>The sessions of one replica after one transaction, and the results that they keep. Immutable.</summary>
internal sealed record SimSessions(
    ImmutableSortedDictionary<UInt128, SessionRow> Rows,
    ImmutableSortedDictionary<(UInt128 Session, ulong Sequence, uint Part), KeptResult> Results,
    ulong Hash)
{
    public static readonly SimSessions None =
        new(ImmutableSortedDictionary<UInt128, SessionRow>.Empty, ImmutableSortedDictionary<(UInt128, ulong, uint), KeptResult>.Empty, 0);

    public SimSessions With(UInt128 id, in SessionRow row) => Without(id) with { Rows = Rows.SetItem(id, row), Hash = Without(id).Hash + HashOf(id, row) };

    public SimSessions Without(UInt128 id) =>
        Rows.TryGetValue(id, out SessionRow row) ? this with { Rows = Rows.Remove(id), Hash = Hash - HashOf(id, row) } : this;

    public SimSessions With((UInt128 Session, ulong Sequence, uint Part) place, in KeptResult kept) =>
        this with { Results = Results.Add(place, kept), Hash = Hash + HashOf(place, kept) };

    public SimSessions Without((UInt128 Session, ulong Sequence, uint Part) place) =>
        this with { Results = Results.Remove(place), Hash = Hash - HashOf(place, Results[place]) };

    private static ulong HashOf(UInt128 id, in SessionRow row) => Mix(Mix(Mix(Mix(Mix(1, (ulong)id), (ulong)(id >> 64)), (ulong)row.State), (ulong)row.Time), row.Mark);

    private static ulong HashOf((UInt128 Session, ulong Sequence, uint Part) place, in KeptResult kept)
    {
        ulong hash = Mix(Mix(Mix(Mix(2, (ulong)place.Session), (ulong)(place.Session >> 64)), place.Sequence), place.Part);
        foreach (byte[] bytes in (ReadOnlySpan<byte[]>)[kept.Hash, kept.Result])
        {
            foreach (byte one in bytes)
            {
                hash = Mix(hash, one);
            }
        }

        return hash;
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9FB21C651E98DF25;
        return hash ^ (hash >> 28);
    }
}
