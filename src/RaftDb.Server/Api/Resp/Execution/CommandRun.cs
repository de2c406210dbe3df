using RaftDb.Server.Api.Resp.Commands;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>Neighbouring commands of one connection that go to the ranges together: reads, or writes. Each range gets one request for all of them, and the answers are
/// written in the order of the commands. Used again and again.</summary>
internal sealed class CommandRun(IRequestRouter router, CommandLimits limits) : IDisposable
{
    private const int MaxBytes = 1 << 20;
    private const int MaxSlots = 4096;

    private readonly List<Planned> _commands = [];
    private readonly List<Slot> _slots = [];
    private readonly List<RangeGroup> _groups = [];
    private int _groupCount;
    private int _lastGroup;
    private long _bytes;
    private int _firstSlot;
    private string? _refusal;

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => _commands.Count == 0;

    /// <summary>Whether no more should be added.</summary>
    public bool IsFull => _bytes >= MaxBytes || _slots.Count >= MaxSlots;

    /// <summary>Whether the commands are writes.</summary>
    public bool IsWriting { get; private set; }

    /// <summary>The commands, in their order.</summary>
    public IReadOnlyList<Planned> Commands => _commands;

    /// <summary>How many ranges are asked.</summary>
    public int Groups => _groupCount;

    public CommandLimits Limits => limits;

    /// <summary>The log's time, which expiry is counted in.</summary>
    public long LogMilliseconds => router.LogTime.Milliseconds;

    public RangeGroup Group(int number) => _groups[number];

    public RangeGroup GroupOf(int slot) => _groups[_slots[slot].Group];

    public int PlaceOf(int slot) => _slots[slot].Place;

    /// <summary>Says what the run is for: reads in views, or entries of the log, in which reads may stand among the writes.</summary>
    public void Begin(bool writing)
    {
        Raft.Check.That(IsEmpty && _slots.Count == 0, "a run begins before the one before it is done");
        IsWriting = writing;
    }

    /// <summary>Adds a command.</summary>
    public void Plan(DataCommand command, in Request request)
    {
        _firstSlot = _slots.Count;
        _refusal = null;
        command.Plan(this, request);
        _commands.Add(new(command, _firstSlot, _slots.Count - _firstSlot, _refusal));
    }

    /// <summary>The command being planned is not done; it must not have added anything.</summary>
    public void Refuse(string error) => _refusal = error;

    /// <summary>The command being planned reads a key.</summary>
    public void Read(ReadOnlyMemory<byte> key)
    {
        if (IsWriting)
        {
            Write([], [Operation.Get(key)], []);
            return;
        }

        RangeGroup group = GroupFor(key.Span);
        _slots.Add(new(_lastGroup, group.Keys.Count));
        group.Keys.Add(key);
        _bytes += key.Length;
    }

    /// <summary>The command being planned does this, atomically; all keys must lie in the range of the first operation's.</summary>
    public void Write(ReadOnlySpan<Condition> conditions, ReadOnlySpan<Operation> then, ReadOnlySpan<Operation> otherwise)
    {
        RangeGroup group = GroupFor(then[0].Key.Span);
        int before = group.Items.Bytes;
        _slots.Add(new(_lastGroup, group.Items.Items));
        group.Items.Add(conditions, then, otherwise);
        _bytes += group.Items.Bytes - before;
    }

    /// <summary>Nothing is done unless all of these hold. One range only: false when there are more.</summary>
    public bool TryGuard(IReadOnlyList<Condition> conditions)
    {
        RangeGroup group = GroupFor(conditions[0].Key.Span);
        if (_groupCount > 1 || !conditions.All(condition => group.Range.Contains(condition.Key.Span)))
        {
            return false;
        }

        group.Items.Guard(conditions);
        return true;
    }

    /// <summary>The range of a key.</summary>
    public RangeDescriptor RangeOf(ReadOnlySpan<byte> key) => router.RangeOf(key);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (int i = 0; i < _groupCount; i++)
        {
            _groups[i].Begin(_groups[i].Range);
        }

        _commands.Clear();
        _slots.Clear();
        _groupCount = 0;
        _lastGroup = 0;
        _bytes = 0;
    }

    public void Dispose()
    {
        foreach (RangeGroup group in _groups)
        {
            group.Dispose();
        }
    }

    private RangeGroup GroupFor(ReadOnlySpan<byte> key)
    {
        if (_groupCount > 0 && _groups[_lastGroup].Range.Contains(key))
        {
            return _groups[_lastGroup];
        }

        RangeDescriptor range = router.RangeOf(key);
        for (int i = 0; i < _groupCount; i++)
        {
            if (_groups[i].Range.Id == range.Id)
            {
                _lastGroup = i;
                return _groups[i];
            }
        }

        if (_groups.Count == _groupCount)
        {
            _groups.Add(new());
        }

        _lastGroup = _groupCount++;
        _groups[_lastGroup].Begin(range);
        return _groups[_lastGroup];
    }
}
