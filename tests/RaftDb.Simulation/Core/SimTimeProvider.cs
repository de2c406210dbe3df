namespace RaftDb.Simulation.Core;

/// <summary>Timers for code that waits, on the virtual time of one process.</summary>
internal sealed class SimTimeProvider(Func<long> nanoseconds, Action<TimeSpan, Action> after) : TimeProvider
{
    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => nanoseconds();

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(nanoseconds() / 100);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
        {
            throw new NotSupportedException("Periodic timers are not simulated.");
        }

        SimTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(SimTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private int _generation;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            int generation = ++_generation;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                owner.Start(this, dueTime, generation);
            }

            return true;
        }

        public void Dispose() => _generation++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        public void Fire(int generation)
        {
            if (generation == _generation)
            {
                callback(state);
            }
        }
    }

    private void Start(SimTimer timer, TimeSpan dueTime, int generation) => after(dueTime, () => timer.Fire(generation));
}
