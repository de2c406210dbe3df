using RaftDb.Raft;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>The core's own generator with the draws that tests need. Independent concerns draw from streams of their own (<see cref="Split"/>), so that one more
/// draw here shifts nothing there.</summary>
internal sealed class SeededRandom(ulong seed)
{
    private readonly Prng _prng = new(seed);

    public SeededRandom Split() => new(Next());

    public ulong Next() => _prng.Next();

    /// <summary>0 to <paramref name="bound"/> - 1.</summary>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>Both ends included.</summary>
    public long Between(long low, long high) => low + (long)Math.BigMul(Next(), (ulong)(high - low + 1), out _);

    public bool Chance(int permille) => Below(1000) < permille;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];
}
