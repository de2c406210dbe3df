using RaftDb.Raft;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>A process's own monotonic clock: an arbitrary start, and a rate that is a little off.</summary>
/// <param name="startedAt">Virtual time of the process's start.</param>
/// <param name="reading">What the clock showed then.</param>
/// <param name="driftPpm">Millionths by which it is fast (or slow, when negative).</param>
internal sealed class LocalClock(long startedAt, long reading, long driftPpm)
{
    private const long Million = 1_000_000;

    public Instant At(long now) => new(reading + (now - startedAt) + ((now - startedAt) * driftPpm / Million));

    /// <summary>The first virtual time at which the clock shows this, or a little later.</summary>
    public long When(Instant local)
    {
        var elapsed = Math.Max(0, local.Nanoseconds - reading);
        return startedAt + (long)((decimal)elapsed * Million / (Million + driftPpm)) + 2;
    }
}
