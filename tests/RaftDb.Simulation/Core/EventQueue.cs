namespace RaftDb.Simulation.Core;

/// <summary>Virtual time: what happens when, in an order that is the same in every run. A binary heap by time, then by the order of scheduling.</summary>
internal sealed class EventQueue
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private Item[] _heap = new Item[1024];
    private int _count;
    private long _sequence;

    /// <summary>Nanoseconds since the beginning.</summary>
    public long Now { get; private set; }

    /// <summary>How many events have happened.</summary>
    public long Executed { get; private set; }

    /// <summary>Whether <see cref="RunUntil"/> is to end after the event under way.</summary>
    public bool Stopped { get; set; }

    public void After(long delay, Action action) => At(Now + Math.Max(0, delay), action);

    public void At(long time, Action action)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            throw new InvalidOperationException("Something ran on another thread than the simulation's.");
        }

        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _count * 2);
        }

        Item item = new(Math.Max(time, Now), _sequence++, action);
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
        while (!Stopped && _count > 0 && _heap[0].At <= end)
        {
            Item next = Take();
            Now = next.At;
            Executed++;
            next.Action();
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

    private readonly struct Item(long at, long sequence, Action action)
    {
        public readonly long At = at;
        public readonly Action Action = action;
        private readonly long _sequence = sequence;

        public bool IsBefore(in Item other) => At < other.At || (At == other.At && _sequence < other._sequence);
    }
}
