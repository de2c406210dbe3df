using RaftDb.Raft;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Replicas;

/// <summary>Owns some replicas and calls their <see cref="Replica.Process"/>, one at a time: when something was posted to them, and when their timers are due. Passes are run by the loop's
/// own thread, or by one that brings work and lends itself (<see cref="LentThread"/>) while nobody runs them: where little is going on that spares a wake-up for each step of a request.</summary>
internal sealed class ReplicaLoop
{
    /// <summary>Passes that follow one another on a thread that lends itself: it has its own work.</summary>
    private const int MaxPassesHere = 2;

    private readonly Lock _gate = new();
    private readonly ThreadSignal _signal = new();
    private readonly INodeClock _clock;
    private readonly NodeBinlog _binlog;
    private readonly ITransport _transport;
    private readonly Action<Exception> _fail;
    private readonly PriorityQueue<ILoopMember, Instant> _timers = new();
    private readonly Dictionary<ILoopMember, Instant> _scheduled = [];
    private readonly PassOutput _output = new();
    private readonly Thread _thread;
    private List<ILoopMember> _runnable = [];
    private List<ILoopMember> _taken = [];
    private bool _isWanted;
    private volatile bool _stopping;
    private volatile bool _failed;

    // Who runs passes; nobody does before the start and after the end. The rest below belongs to that thread, but for the time at which the own thread wakes up by itself.
    private Thread? _runner;
    private long _wakesAt = Instant.Never.Nanoseconds;

    public ReplicaLoop(string name, INodeClock clock, NodeBinlog binlog, ITransport transport, Action<Exception> fail)
    {
        _clock = clock;
        _binlog = binlog;
        _transport = transport;
        _fail = fail;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _runner = _thread;
    }

    public void Start() => _thread.Start();

    /// <summary>Something is in the replica's inbox. Thread-safe.</summary>
    public void Wake(ILoopMember member)
    {
        lock (_gate)
        {
            _runnable.Add(member);
            _isWanted = true;
        }

        Call();
    }

    /// <summary>The same, but it may wait for the next wake or the end of what the disk does now, so that more comes together for one pass. Thread-safe.</summary>
    public void WakeAfterDisk(ILoopMember member)
    {
        bool isFree;
        lock (_gate)
        {
            _runnable.Add(member);
            isFree = !_binlog.IsBusy;
            _isWanted |= isFree;
        }

        if (isFree)
        {
            Call();
        }
    }

    /// <summary>The disk has done what it did: what waited for that waits no longer. Thread-safe.</summary>
    public void DiskIsFree()
    {
        bool any;
        lock (_gate)
        {
            any = _runnable.Count > 0;
            _isWanted |= any;
        }

        if (any)
        {
            Call();
        }
    }

    /// <summary>Runs what waits on the calling thread, unless somebody runs passes already, who then does that too.</summary>
    public void RunHere()
    {
        for (int passes = 0; IsWanted && TryOwn(); passes++)
        {
            Instant next;
            try
            {
                Pass();
                next = NextTimer();
            }
            catch (Exception e)
            {
                Fail(e);
                return;
            }

            LetGo();
            if (_stopping || next.Nanoseconds < Volatile.Read(ref _wakesAt) || (passes == MaxPassesHere && IsWanted))
            {
                _signal.Set();
                return;
            }
        }
    }

    /// <summary>Ends the thread after the pass that is under way; there is none after it.</summary>
    public void Stop()
    {
        _stopping = true;
        _signal.Set();
        if (_thread.IsAlive && Thread.CurrentThread != _thread && Thread.CurrentThread != Volatile.Read(ref _runner))
        {
            _thread.Join();
        }
    }

    private bool IsWanted
    {
        get
        {
            lock (_gate)
            {
                return _isWanted;
            }
        }
    }

    /// <summary>Has somebody run what waits.</summary>
    private void Call()
    {
        if (!LentThread.TryRunLater(this))
        {
            _signal.Set();
        }
    }

    private void Run()
    {
        // The loop is this thread's from the beginning on.
        bool isOwner = true;
        try
        {
            while (!_stopping && !_failed)
            {
                if (isOwner)
                {
                    Pass();
                    int wait = Announce();
                    LetGo();
                    if (!IsWanted)
                    {
                        _signal.Wait(wait);
                    }
                }
                else
                {
                    _signal.Wait(Timeout.Infinite);
                }

                // Said first: who has the loop now wakes this thread when it lets go, for the next timer, whenever that is.
                Interlocked.Exchange(ref _wakesAt, Instant.Never.Nanoseconds);
                isOwner = TryOwn();
            }

            while (!isOwner && !_failed)
            {
                _signal.Wait(Timeout.Infinite);
                isOwner = TryOwn();
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private bool TryOwn() => Interlocked.CompareExchange(ref _runner, Thread.CurrentThread, null) is null;

    private void LetGo() => Interlocked.Exchange(ref _runner, null);

    /// <summary>A broken invariant, or a bug: nothing that this loop would do from here on can be trusted, and nobody runs a pass any more.</summary>
    private void Fail(Exception cause)
    {
        _failed = true;
        _signal.Set();
        _fail(cause);
    }

    /// <summary>All that waits, and the timers that are due. Called by the owner.</summary>
    private void Pass()
    {
        lock (_gate)
        {
            (_runnable, _taken) = (_taken, _runnable);
            _isWanted = false;
        }

        foreach (ILoopMember member in _taken)
        {
            Process(member);
        }

        _taken.Clear();
        Instant now = _clock.Now;
        while (_timers.TryPeek(out ILoopMember? due, out Instant at) && at <= now)
        {
            _timers.Dequeue();
            if (_scheduled.TryGetValue(due, out Instant current) && current == at)
            {
                _scheduled.Remove(due);
                Process(due);
            }
        }

        _output.Flush(_binlog, _transport);
    }

    private void Process(ILoopMember member)
    {
        member.Process(_output);
        Instant next = member.NextDeadline;
        if (next == Instant.Never)
        {
            _scheduled.Remove(member);
        }
        else if (!_scheduled.TryGetValue(member, out Instant current) || current != next)
        {
            _scheduled[member] = next;
            _timers.Enqueue(member, next);
        }
    }

    private Instant NextTimer() => _timers.TryPeek(out _, out Instant at) ? at : Instant.Never;

    /// <summary>Says when the own thread wakes up by itself, and how many milliseconds that is from now; -1 = never. Called by it, as the owner.</summary>
    private int Announce()
    {
        Instant next = NextTimer();
        Volatile.Write(ref _wakesAt, next.Nanoseconds);

        // Rounded up: waking a little late beats spinning through the last fraction of a millisecond.
        return next == Instant.Never ? Timeout.Infinite : (int)Math.Clamp(Math.Ceiling((next - _clock.Now).TotalMilliseconds), 0, 60_000);
    }
}
