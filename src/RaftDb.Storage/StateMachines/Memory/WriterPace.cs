using System.Diagnostics;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>How fast a sealed layer is written to the file: most of the time is left to others as long as the next layer does not fill up faster than this one is written, and none when somebody waits.
/// One thread writes; any thread may be in a hurry.</summary>
internal sealed class WriterPace
{
    /// <summary>How full the next layer is when the one before it is written without rests.</summary>
    private const double FilledInAHurry = 0.6;

    /// <summary>How much faster a layer is to be written than the next one fills.</summary>
    private const double Lead = 1.5;

    /// <summary>Rests, as multiples of the work before them, of a writer that is fast enough, and of one that is not.</summary>
    private const double RestAhead = 8;

    /// <inheritdoc cref="RestAhead"/>
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

    /// <summary>The writer begins with a layer.</summary>
    public void Begin() => _slice = Stopwatch.GetTimestamp();

    /// <summary>Called by the writer between slices of a layer; waits there.</summary>
    /// <param name="written">The share of the layer that is written.</param>
    /// <param name="filled">The share of the next layer that is filled.</param>
    public void Rest(double written, double filled)
    {
        if (Volatile.Read(ref _waiting) == 0 && filled < FilledInAHurry)
        {
            _hurry.Reset();
            if (Volatile.Read(ref _waiting) == 0)
            {
                _hurry.Wait(Stopwatch.GetElapsedTime(_slice) * (written > filled * Lead ? RestAhead : RestBehind));
            }
        }

        _slice = Stopwatch.GetTimestamp();
    }
}
