using System.Collections.Concurrent;
using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Storage.Binlog;
using RaftDb.Tests.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>Passes of a loop, on its own thread and on lent ones.</summary>
[TestFixture]
internal sealed class ReplicaLoopTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly List<Exception> _failures = [];
    private readonly NodeClock _clock = new();
    private NodeBinlog _log = null!;
    private ReplicaLoop _loop = null!;

    [SetUp]
    public void Start()
    {
        _failures.Clear();
        _log = BinlogTestLog.Open(new MemoryDisk());
        _loop = new("loop", _clock, _log, new FakeTransport(), _failures.Add);
        _loop.Start();
    }

    [TearDown]
    public void End()
    {
        _loop.Stop();
        _log.Dispose();
    }

    [Test]
    public void Who_brings_work_to_an_idle_loop_does_it()
    {
        Member member = new();

        // The loop's own thread may be at its first pass still, and then does this as well.
        OnThread(() => Eventually(() =>
        {
            using (LentThread.Lend())
            {
                _loop.Wake(member);
            }

            return member.Threads.Contains(Environment.CurrentManagedThreadId);
        }));
    }

    [Test]
    public void Within_the_scope_nothing_is_done_yet()
    {
        Member member = new();
        OnThread(() =>
        {
            using (LentThread.Lend())
            {
                using (LentThread.Lend())
                {
                    _loop.Wake(member);
                }

                Assert.That(member.Passes, Is.Zero);
            }
        });

        Eventually(() => member.Passes > 0);
    }

    [Test]
    public void Without_a_lent_thread_the_loops_own_does_it()
    {
        Member member = new();

        _loop.Wake(member);

        Eventually(() => member.Passes == 1);
        Assert.That(member.Threads, Has.None.EqualTo(Environment.CurrentManagedThreadId));
    }

    [Test]
    public void A_thread_that_somebody_drives_is_not_lent()
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
        try
        {
            using LentThread.Scope lent = LentThread.Lend();
            Assert.That(LentThread.IsLent, Is.False);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    [Test]
    public void Every_wake_is_followed_by_a_pass_and_never_two_at_once()
    {
        Member[] members = [new(), new(), new()];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(number => new Thread(() => Post(members, lends: number % 2 == 0)))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => Assert.That(thread.Join(Limit)));

        Eventually(() => members.All(member => member.Seen == member.Posted));
        Assert.That(members.Any(member => member.WasEnteredTwice), Is.False);
        Assert.That(_failures, Is.Empty);
    }

    [Test]
    public void The_loops_own_thread_wakes_for_a_timer_that_a_lent_one_has_set()
    {
        Member member = new();
        OnThread(() =>
        {
            for (int i = 1; i <= 50; i++)
            {
                int passes = member.Passes;
                member.WhenPassed = () => member.NextDeadline = member.Passes == passes + 1 ? _clock.Now + TimeSpan.FromMilliseconds(1) : Instant.Never;
                Wake(member, lends: true);
                Eventually(() => member.Passes >= passes + 2);
            }
        });
    }

    [Test]
    public void After_the_end_nobody_does_anything()
    {
        Member member = new();
        _loop.Stop();

        OnThread(() => Wake(member, lends: true));

        Assert.That(member.Passes, Is.Zero);
    }

    [Test]
    public void The_end_waits_for_a_pass_on_a_lent_thread()
    {
        Member member = new();
        int here = 0;
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim leave = new();
        bool left = false;
        member.WhenPassed = () =>
        {
            if (Environment.CurrentManagedThreadId == Volatile.Read(ref here))
            {
                entered.Set();
                leave.Wait(Limit);
                Volatile.Write(ref left, true);
            }
        };
        Thread lent = new(() =>
        {
            Volatile.Write(ref here, Environment.CurrentManagedThreadId);
            while (!entered.IsSet)
            {
                using LentThread.Scope scope = LentThread.Lend();
                _loop.Wake(member);
            }
        });
        lent.Start();
        Assert.That(entered.Wait(Limit));

        Task stopping = Task.Run(_loop.Stop);
        Assert.That(stopping.IsCompleted, Is.False);
        leave.Set();

        Assert.That(stopping.Wait(Limit));
        Assert.That(Volatile.Read(ref left));
        Assert.That(lent.Join(Limit));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void A_pass_that_fails_is_told_and_is_the_last_one(bool lends)
    {
        Member broken = new() { WhenPassed = () => throw new InvariantBrokenException("for the test") };
        Member other = new();
        OnThread(() => Wake(broken, lends));
        Eventually(() => _failures.Count == 1);

        OnThread(() => Wake(other, lends: true));
        Wake(other, lends: false);
        _loop.Stop();

        Assert.That(other.Passes, Is.Zero);
        Assert.That(_failures, Has.Count.EqualTo(1));
    }

    private static void Eventually(Func<bool> holds) => Assert.That(SpinWait.SpinUntil(holds, Limit), "it happened in time");

    /// <summary>On a thread that nobody drives: the test framework may drive its own.</summary>
    private static void OnThread(Action action)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        Assert.That(thread.Join(Limit + Limit));
        Assert.That(failure, Is.Null);
    }

    private void Wake(Member member, bool lends)
    {
        using LentThread.Scope lent = lends ? LentThread.Lend() : default;
        _loop.Wake(member);
    }

    private void Post(Member[] members, bool lends)
    {
        for (int i = 0; i < 20_000; i++)
        {
            Member member = members[i % members.Length];
            member.Post();
            Wake(member, lends);
        }
    }

    private sealed class Member : ILoopMember
    {
        private int _posted;
        private int _seen;
        private int _passes;
        private int _inside;

        public ConcurrentQueue<int> Threads { get; } = [];

        public Action? WhenPassed { get; set; }

        public bool WasEnteredTwice { get; private set; }

        public int Posted => Volatile.Read(ref _posted);

        public int Seen => Volatile.Read(ref _seen);

        public int Passes => Volatile.Read(ref _passes);

        public Instant NextDeadline { get; set; } = Instant.Never;

        public void Post() => Interlocked.Increment(ref _posted);

        public void Process(PassOutput output)
        {
            WasEnteredTwice |= Interlocked.Exchange(ref _inside, 1) != 0;
            Threads.Enqueue(Environment.CurrentManagedThreadId);
            Volatile.Write(ref _seen, Posted);
            Volatile.Write(ref _passes, _passes + 1);
            WhenPassed?.Invoke();
            Interlocked.Exchange(ref _inside, 0);
        }
    }
}
