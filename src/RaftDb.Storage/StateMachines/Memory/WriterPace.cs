using System.Diagnostics;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>How fast something large is written to the file: most of the time is left to others as long as a layer does not fill up faster than this is written, and none when somebody waits.
/// One thread writes; any thread may be in a hurry.</summary>
/// <param name="restAhead">Rests of a writer that is fast enough, as multiples of the work before them.</param>
/// <param name="longest">The longest rest: work may have taken long because the disk did.</param>
internal sealed class WriterPace(double restAhead, TimeSpan longest)
{
    /// <summary>How much faster is to be written than the layer fills: while one layer fills, the one before it goes to the WAL, and after that from there to the file.</summary>
    private const double Lead = 2.2;

    /// <summary>How full the layer is when the rest is written without rests.</summary>
    private const double FilledInAHurry = 1 / Lead;

    /// <summary>Rests of a writer that is not fast enough.</summary>
    private const double RestBehind = 2;

    private readonly ManualResetEventSlim _hurry = new(initialState: false, spinCount: 0);
    private int _waiting;
    private long _slice;

    /// <summary>Does something that somebody waits for: a write that is under way goes on without rests.</summary>
    public void Hurry(Action action)
    {
        Interlocked.Increment(ref _waiting);
        _hurry.Set();
        try
        {
            action();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>The writer begins.</summary>
    public void Begin() => _slice = Stopwatch.GetTimestamp();

    /// <summary>Called by the writer between slices; waits there.</summary>
    /// <param name="written">The share that is written.</param>
    /// <param name="filled">The share of a layer that has been filled meanwhile.</param>
    public void Rest(double written, double filled)
    {
        if (Volatile.Read(ref _waiting) == 0 && filled < FilledInAHurry)
        {
            _hurry.Reset();
            if (Volatile.Read(ref _waiting) == 0)
            {
                TimeSpan rest = Stopwatch.GetElapsedTime(_slice) * (written > filled * Lead ? restAhead : RestBehind);
                _hurry.Wait(rest < longest ? rest : longest);
            }
        }

        _slice = Stopwatch.GetTimestamp();
    }
}
