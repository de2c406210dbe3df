using RaftDb.Raft;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Replicas;

/// <summary>One thread that owns some replicas and calls their <see cref="Replica.Process"/>: when something was posted to them, and when their timers are due.</summary>
internal sealed class ReplicaLoop
{
    private readonly Lock _gate = new();
    private readonly ThreadSignal _signal = new();
    private readonly INodeClock _clock;
    private readonly NodeBinlog _binlog;
    private readonly ITransport _transport;
    private readonly Action<Exception> _fail;
    private readonly PriorityQueue<Replica, Instant> _timers = new();
    private readonly Dictionary<Replica, Instant> _scheduled = [];
    private readonly Thread _thread;
    private List<Replica> _runnable = [];
    private bool _stopping;

    public ReplicaLoop(string name, INodeClock clock, NodeBinlog binlog, ITransport transport, Action<Exception> fail)
    {
        _clock = clock;
        _binlog = binlog;
        _transport = transport;
        _fail = fail;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    public void Start() => _thread.Start();

    /// <summary>Something is in the replica's inbox. Thread-safe.</summary>
    public void Wake(Replica replica)
    {
        lock (_gate)
        {
            _runnable.Add(replica);
        }

        _signal.Set();
    }

    /// <summary>The same, but it may wait for the next wake or the end of what the disk does now, so that more comes together for one pass. Thread-safe.</summary>
    public void WakeAfterDisk(Replica replica)
    {
        bool isFree;
        lock (_gate)
        {
            _runnable.Add(replica);
            isFree = !_binlog.IsBusy;
        }

        if (isFree)
        {
            _signal.Set();
        }
    }

    /// <summary>The disk has done what it did: what waited for that waits no longer. Thread-safe.</summary>
    public void DiskIsFree()
    {
        bool any;
        lock (_gate)
        {
            any = _runnable.Count > 0;
        }

        if (any)
        {
            _signal.Set();
        }
    }

    /// <summary>Ends the thread after the pass that is under way.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopping = true;
        }

        _signal.Set();
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        List<Replica> taken = [];
        PassOutput output = new();
        try
        {
            while (Take(ref taken))
            {
                foreach (Replica replica in taken)
                {
                    Process(replica, output);
                }

                taken.Clear();
                Instant now = _clock.Now;
                while (_timers.TryPeek(out Replica? due, out Instant at) && at <= now)
                {
                    _timers.Dequeue();
                    if (_scheduled.TryGetValue(due, out Instant current) && current == at)
                    {
                        _scheduled.Remove(due);
                        Process(due, output);
                    }
                }

                output.Flush(_binlog, _transport);
            }
        }
        catch (Exception e)
        {
            // A broken invariant, or a bug: nothing that this loop would do from here on can be trusted.
            _fail(e);
        }
    }

    private void Process(Replica replica, PassOutput output)
    {
        replica.Process(output);
        Instant next = replica.NextDeadline;
        if (next == Instant.Never)
        {
            _scheduled.Remove(replica);
        }
        else if (!_scheduled.TryGetValue(replica, out Instant current) || current != next)
        {
            _scheduled[replica] = next;
            _timers.Enqueue(replica, next);
        }
    }

    /// <summary>Waits for work or the next timer; false when the loop is to end.</summary>
    private bool Take(ref List<Replica> taken)
    {
        // Rounded up: waking a little late beats spinning through the last fraction of a millisecond.
        _signal.Wait(_timers.TryPeek(out _, out Instant at) ? (int)Math.Clamp(Math.Ceiling((at - _clock.Now).TotalMilliseconds), 0, 60_000) : Timeout.Infinite);
        lock (_gate)
        {
            (_runnable, taken) = (taken, _runnable);
            return !_stopping;
        }
    }
}
