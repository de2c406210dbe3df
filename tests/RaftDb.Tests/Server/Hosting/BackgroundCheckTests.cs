using Microsoft.Extensions.Logging.Abstractions;
using RaftDb.Client.Protocol;
using RaftDb.Server.Hosting;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Tests.Server.Replicas;

namespace RaftDb.Tests.Server.Hosting;

/// <summary>When ranges are checked, of themselves.</summary>
internal sealed class BackgroundCheckTests
{
    [Test]
    public async Task A_check_that_somebody_asked_for_and_that_compared_only_a_part_is_made_again_long_before_the_next_round()
    {
        using ReplicaHarness node = new(1);
        node.Lead();
        LocalReplicas replicas = new();
        replicas.Add(node.Replica!);
        TroubleBook book = new(ReplicaHarness.Here, replicas, node);
        RangeChecker checker = new(ReplicaHarness.Here, book, new SliceService(replicas, node), node, (_, _, _) => Task.CompletedTask, NullLogger.Instance);
        book.Unusable(new Trouble(ReplicaHarness.Range, node.Replica!.Id, "away for a test", false));
        Task<RangeCheck> asked = checker.CheckAsync(node.Replica, _ => Task.CompletedTask, CancellationToken.None);
        await DriveAsync(node, () => asked.IsCompleted, "the check");
        Assert.That((await asked).Verdict, Is.EqualTo(CheckVerdicts.Incomplete));
        Assert.That(book.NotesOn(ReplicaHarness.Range), Is.Not.Empty);

        book.Over(ReplicaHarness.Range);
        HandTime time = new();
        using CancellationTokenSource stop = new();
        Task rounds = new BackgroundCheck(replicas, checker, new() { Interval = TimeSpan.FromMinutes(10) }, time, NullLogger.Instance).RunAsync(stop.Token);
        time.Advance(TimeSpan.FromSeconds(30));
        await DriveAsync(node, () => book.NotesOn(ReplicaHarness.Range).Count == 0, "the end of the alarm");

        await stop.CancelAsync();
        Assert.That(async () => await rounds, Throws.InstanceOf<OperationCanceledException>());
    }

    private static Task DriveAsync(ReplicaHarness node, Func<bool> done, string what) => Until.TrueAsync(
        () =>
        {
            node.Pass();
            return done();
        },
        what);

    /// <summary>Time that a test moves on.</summary>
    private sealed class HandTime : TimeProvider
    {
        private readonly List<HandTimer> _timers = [];
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            HandTimer timer = new(() => callback(state)) { Due = _now + dueTime.Ticks };
            _timers.Add(timer);
            return timer;
        }

        public void Advance(TimeSpan by)
        {
            _now += by.Ticks;
            foreach (HandTimer timer in _timers.Where(t => t.Due <= _now).ToArray())
            {
                _timers.Remove(timer);
                timer.Fire();
            }
        }

        private sealed class HandTimer(Action fire) : ITimer
        {
            private bool _isGone;

            public long Due { get; init; }

            public void Fire()
            {
                if (!_isGone)
                {
                    fire();
                }
            }

            public bool Change(TimeSpan dueTime, TimeSpan period) => false;

            public void Dispose() => _isGone = true;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
