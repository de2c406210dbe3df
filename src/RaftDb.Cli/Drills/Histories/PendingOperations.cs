namespace RaftDb.Cli.Drills.Histories;

/// <summary>
/// What is already put into the order and what is not, of one key: the part of the search's situation that grows and shrinks.
/// What was put in last is taken back first.
/// </summary>
internal sealed class PendingOperations
{
    private readonly KeyPlan _plan;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly ulong[] _done;
    private readonly ulong[] _used;
    private readonly int[] _usedOfClass;
    private readonly int[] _readsLeft;
    private readonly int[] _writesLeft;
    private readonly List<int> _order = [];
    private ulong[] _words = new ulong[8];

    public PendingOperations(KeyPlan plan)
    {
        _plan = plan;
        int count = plan.Answered.Count;

        // A ring: the place after the last operation stands for both ends.
        _next = [.. Enumerable.Range(1, count), 0];
        _previous = [count, .. Enumerable.Range(0, count)];
        _next[count] = count == 0 ? count : 0;
        _done = new ulong[(count / 64) + 1];
        _used = new ulong[(plan.Open.Count + 63) / 64];
        _usedOfClass = new int[plan.Open.Classes];
        _readsLeft = new int[plan.Values.Count];
        _writesLeft = new int[plan.Values.Count];
        foreach (AnsweredOperation one in plan.Answered)
        {
            CountAnswered(one, 1);
        }

        for (int write = 0; write < plan.Open.Count; write++)
        {
            CountWrite(plan.Open.Arguments[write], plan.Open[write], 1);
        }

        Left = count;
    }

    /// <summary>Answered operations that are not in the order yet.</summary>
    public int Left { get; private set; }

    /// <summary>What was put in, in order: an answered operation by its number, an open write by the complement of its number.</summary>
    public IReadOnlyList<int> Order => _order;

    /// <summary>The end of the ring, for walking over what is left.</summary>
    public int End => _plan.Answered.Count;

    public int First => _next[End];

    public int After(int answered) => _next[answered];

    /// <summary>Whether all that this one must come after is in.</summary>
    public bool IsReady(AnsweredOperation one)
    {
        foreach (int before in one.After)
        {
            if ((_done[before >> 6] & (1UL << before)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The next unused write of a class; null when all are used.</summary>
    public int? NextOpen(int ofClass)
    {
        int write = _plan.Open.ClassStarts[ofClass] + _usedOfClass[ofClass];
        return write < _plan.Open.ClassStarts[ofClass + 1] ? write : null;
    }

    /// <summary>Whether the state's value may go: not while somebody has yet to read it and nobody is left who could write it again.</summary>
    public bool MayGo(RegisterState state) =>
        !_plan.Values.Numbered || !state.Exists || state.Value == ValueSlots.Unread || _readsLeft[state.Value] == 0 || _writesLeft[state.Value] > 0;

    public void Take(int operation)
    {
        _order.Add(operation);
        if (operation >= 0)
        {
            _next[_previous[operation]] = _next[operation];
            _previous[_next[operation]] = _previous[operation];
            _done[operation >> 6] |= 1UL << operation;
            CountAnswered(_plan.Answered[operation], -1);
            Left--;
        }
        else
        {
            int write = ~operation;
            _used[write >> 6] |= 1UL << write;
            _usedOfClass[_plan.Open.ClassOf(write)]++;
            CountWrite(_plan.Open.Arguments[write], _plan.Open[write], -1);
        }
    }

    /// <summary>Takes operations back, the last first, until so many are in.</summary>
    public void BackTo(int length)
    {
        while (_order.Count > length)
        {
            int operation = _order[^1];
            _order.RemoveAt(_order.Count - 1);
            if (operation >= 0)
            {
                _next[_previous[operation]] = operation;
                _previous[_next[operation]] = operation;
                _done[operation >> 6] &= ~(1UL << operation);
                CountAnswered(_plan.Answered[operation], 1);
                Left++;
            }
            else
            {
                int write = ~operation;
                _used[write >> 6] &= ~(1UL << write);
                _usedOfClass[_plan.Open.ClassOf(write)]--;
                CountWrite(_plan.Open.Arguments[write], _plan.Open[write], 1);
            }
        }
    }

    /// <summary>
    /// The situation as words, the same for the same situation: the state, the open writes used, and which operations are in. All before the
    /// first that is left are in, and none is in that lies beyond the last one that could be, so only the words between are told.
    /// </summary>
    public ReadOnlySpan<ulong> Situation(RegisterState state, int lastReachable)
    {
        int first = First >> 6;
        int words = Math.Max(0, (lastReachable >> 6) + 1 - first);
        while (words > 0 && _done[first + words - 1] == 0)
        {
            words--;
        }

        int length = 3 + _used.Length + words;
        if (_words.Length < length)
        {
            _words = new ulong[length * 2];
        }

        _words[0] = (ulong)state.Value;
        _words[1] = state.Version;
        _words[2] = (ulong)First;
        _used.CopyTo(_words, 3);
        Array.Copy(_done, first, _words, 3 + _used.Length, words);
        return _words.AsSpan(0, length);
    }

    private void CountAnswered(AnsweredOperation one, int by)
    {
        if (_plan.Values.Numbered && one.Operation.Kind == OperationKind.Read && one.Value is { } slot)
        {
            _readsLeft[slot] += by;
        }

        CountWrite(one.Argument, one.Operation, by);
    }

    private void CountWrite(long slot, Operation operation, int by)
    {
        if (_plan.Values.Numbered && slot != ValueSlots.Unread && ValueSlots.Produces(operation))
        {
            _writesLeft[slot] += by;
        }
    }
}
