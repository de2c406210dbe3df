using System.Numerics;

namespace RaftDb.Raft;

/// <summary>xoshiro256**, seeded through splitmix64: our own, so that a seed means the same run on every machine and version.</summary>
internal sealed class Prng
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    public Prng(ulong seed)
    {
        _a = Spread(ref seed);
        _b = Spread(ref seed);
        _c = Spread(ref seed);
        _d = Spread(ref seed);
    }

    public ulong Next()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        ulong t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A duration in [0, <paramref name="bound"/>).</summary>
    public TimeSpan Below(TimeSpan bound)
    {
        Check.That(bound > TimeSpan.Zero, $"a random duration below {bound} was asked for");
        return new TimeSpan((long)Math.BigMul(Next(), (ulong)bound.Ticks, out _));
    }

    private static ulong Spread(ref ulong seed)
    {
        seed += 0x9E3779B97F4A7C15;
        ulong z = seed;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
