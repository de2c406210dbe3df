using RaftDb.Raft;

namespace RaftDb.Simulation.Core;

/// <summary>The clocks of one machine. Fault model: the monotonic one starts anywhere, runs a little fast or slow, and may leap forward (a suspended machine), never back;
/// the wall clock is off by any amount and may leap both ways.</summary>
internal sealed class SimClock(EventQueue time, long startReading, int driftPpm, long wallOffsetMs)
{
    private const long Million = 1_000_000;

    private long _from = time.Now;
    private long _reading = startReading;
    private int _driftPpm = driftPpm;
    private long _wallOffsetMs = wallOffsetMs;

    public Instant Now => new(At(time.Now));

    public long WallMilliseconds => 1_700_000_000_000 + (time.Now / Million) + _wallOffsetMs;

    /// <summary>How far the wall clock is off.</summary>
    public long WallOffsetMs => _wallOffsetMs;

    /// <summary>The first virtual time at which the clock shows this, or a little later.</summary>
    public long When(Instant local)
    {
        long elapsed = local.Nanoseconds - _reading;
        return elapsed <= 0 ? time.Now : _from + (long)((Int128)elapsed * Million / (Million + _driftPpm)) + 2;
    }

    /// <summary>How much virtual time passes while the clock moves on by this.</summary>
    public long Virtual(TimeSpan span) => (long)((Int128)span.Ticks * 100 * Million / (Million + _driftPpm)) + 1;

    public void SetDrift(int ppm)
    {
        Rebase();
        _driftPpm = ppm;
    }

    public void LeapForward(long nanoseconds)
    {
        Rebase();
        _reading += nanoseconds;
    }

    public void SetWallOffset(long milliseconds) => _wallOffsetMs = milliseconds;

    private long At(long now) => _reading + (now - _from) + (long)((Int128)(now - _from) * _driftPpm / Million);

    private void Rebase()
    {
        _reading = At(time.Now);
        _from = time.Now;
    }
}
