namespace RaftDb.Simulation.Core;

/// <summary>Virtual time: what happens when, in an order that is the same in every run. A binary heap by time, then by the order of scheduling;
/// and a queue of what is due at once.</summary>
internal sealed class EventQueue
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Queue<Item> _due = new();
    private Item[] _heap = new Item[1024];
    private int _count;
    private long _sequence;

    /// <summary>Nanoseconds since the beginning.</summary>
    public long Now { get; private set; }

    /// <summary>How many events have happened.</summary>
    public long Executed { get; private set; }

    /// <summary>Whether <see cref="RunUntil"/> is to end after the event under way.</summary>
    public bool Stopped { get; set; }

    public void After(long delay, Action action) => At(Now + Math.Max(0, delay), null, action, null);

    public void At(long time, Action action) => At(time, null, action, null);

    /// <summary>Lets somebody do something at that time: an <see cref="Action"/>, or a <see cref="SendOrPostCallback"/> with what belongs to it.</summary>
    public void At(long time, IDoer? doer, Delegate work, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            throw new InvalidOperationException("Something ran on another thread than the simulation's.");
        }

        if (time <= Now)
        {
            // Most of what is scheduled is continuations, which are due at once: behind everything else that is due now, for it was scheduled before.
            _due.Enqueue(new(Now, 0, doer, work, state));
            return;
        }

        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _count * 2);
        }

        Item item = new(time, _sequence++, doer, work, state);
        int hole = _count++;
        while (hole > 0 && item.IsBefore(_heap[(hole - 1) / 2]))
        {
            _heap[hole] = _heap[(hole - 1) / 2];
            hole = (hole - 1) / 2;
        }

        _heap[hole] = item;
    }

    /// <summary>Runs everything that happens up to then.</summary>
    public void RunUntil(long end)
    {
        while (!Stopped)
        {
            bool isHeapDue = _count > 0 && _heap[0].At <= Now;
            if (!isHeapDue && _due.TryDequeue(out Item next))
            {
                Executed++;
                next.Do();
                continue;
            }

            if (_count == 0 || _heap[0].At > end)
            {
                break;
            }

            next = Take();
            Now = next.At;
            Executed++;
            next.Do();
        }

        if (!Stopped)
        {
            Now = Math.Max(Now, end);
        }
    }

    private Item Take()
    {
        Item first = _heap[0];
        Item last = _heap[--_count];
        _heap[_count] = default;
        int hole = 0;
        while ((2 * hole) + 1 < _count)
        {
            int child = (2 * hole) + 1;
            if (child + 1 < _count && _heap[child + 1].IsBefore(_heap[child]))
            {
                child++;
            }

            if (!_heap[child].IsBefore(last))
            {
                break;
            }

            _heap[hole] = _heap[child];
            hole = child;
        }

        if (_count > 0)
        {
            _heap[hole] = last;
        }

        return first;
    }

    private readonly struct Item(long at, long sequence, IDoer? doer, Delegate work, object? state)
    {
        public readonly long At = at;
        private readonly long _sequence = sequence;
        private readonly IDoer? _doer = doer;
        private readonly Delegate _work = work;
        private readonly object? _state = state;

        public bool IsBefore(in Item other) => At < other.At || (At == other.At && _sequence < other._sequence);

        public void Do()
        {
            if (_doer is null)
            {
                ((Action)_work)();
            }
            else
            {
                _doer.Do(_work, _state);
            }
        }
    }
}

/// <summary>Does what is scheduled for it in its own way.</summary>
internal interface IDoer
{
    void Do(Delegate work, object? state);
}
