using RaftDb.Server.Api.Resp.Commands;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>Neighbouring commands of one connection that go to the ranges together: reads, or writes. Each range gets one request for all of them, and the answers are
/// written in the order of the commands. Used again and again.</summary>
internal sealed class CommandRun(IRequestRouter router, CommandLimits limits, SeenIndexes seen) : IDisposable
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
    private SessionWrite? _session;
    private bool _inSession;
    private AckMode _ack;

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

    /// <summary>What the connection has seen.</summary>
    public SeenIndexes Seen => seen;

    /// <summary>The longest that a command of the run asked for; 0 = none did.</summary>
    public int TimeoutMilliseconds { get; private set; }

    /// <summary>Reads the arguments of transactions.</summary>
    public TransactionWords Words { get; } = new();

    /// <summary>Makes all of the run one write of a session, where there is one range.</summary>
    public void BeOnce(in SessionWrite session) => _groups[0].Items.Session = session;

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
    /// <param name="command">The command.</param>
    /// <param name="request">Its arguments.</param>
    /// <param name="session">The session that the connection writes in.</param>
    public void Plan(DataCommand command, in Request request, WriteSession? session = null)
    {
        _firstSlot = _slots.Count;
        _refusal = null;
        _ack = AckMode.Quorum;
        _inSession = session is not null;
        _session = command.Writes ? session?.Take() : null;
        command.Plan(this, request);
        _commands.Add(new(command, _firstSlot, _slots.Count - _firstSlot, _refusal));
    }

    /// <summary>The command being planned is not done; it must not have added anything.</summary>
    public void Refuse(string error) => _refusal = error;

    /// <summary>The command being planned is done so.</summary>
    public void Use(in WriteWords options)
    {
        _ack = options.Ack;
        _session = options.Session ?? (options.Ack == AckMode.Leader ? null : _session);
        _inSession = _session is not null;
        Within(options.TimeoutMilliseconds);
    }

    /// <summary>The command being planned may take so long (0 = as long as the node's option says).</summary>
    public void Within(int milliseconds) => TimeoutMilliseconds = Math.Max(TimeoutMilliseconds, milliseconds);

    /// <summary>The command being planned reads a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">How; null = as the connection says. Between writes it is linearizable whatever they say.</param>
    public void Read(ReadOnlyMemory<byte> key, ReadOptions? options = null)
    {
        if (IsWriting)
        {
            RangeGroup? known = FindGroup(key.Span);
            Add(known ?? WriteGroup(key.Span), null, [], [Operation.Get(key)], []);
            return;
        }

        RangeGroup group = ReadGroup(key.Span, options);
        _slots.Add(new(_lastGroup, group.Keys.Count));
        group.Keys.Add(key);
        _bytes += key.Length;
    }

    /// <summary>The command being planned does this, atomically; all keys must lie in the range of the first operation's.</summary>
    public void Write(ReadOnlySpan<Condition> conditions, ReadOnlySpan<Operation> then, ReadOnlySpan<Operation> otherwise)
    {
        ReadOnlyMemory<byte> key = then.Length > 0 ? then[0].Key : otherwise[0].Key;
        SessionWrite? part = _session is { } session ? session with { Part = (uint)(_slots.Count - _firstSlot) } : null;
        Add(WriteGroup(key.Span), part, conditions, then, otherwise);
    }

    /// <summary>Nothing is done unless all of these hold. One range only: false when there are more.</summary>
    public bool TryGuard(IReadOnlyList<Condition> conditions)
    {
        RangeGroup group = WriteGroup(conditions[0].Key.Span);
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
        _session = null;
        _inSession = false;
        TimeoutMilliseconds = 0;
    }

    public void Dispose()
    {
        foreach (RangeGroup group in _groups)
        {
            group.Dispose();
        }
    }

    private void Add(
        RangeGroup group, in SessionWrite? session, ReadOnlySpan<Condition> conditions, ReadOnlySpan<Operation> then, ReadOnlySpan<Operation> otherwise)
    {
        int before = group.Items.Bytes;
        _slots.Add(new(_lastGroup, group.Items.Items));
        group.Items.Add(conditions, then, otherwise, session);
        _bytes += group.Items.Bytes - before;
    }

    /// <summary>The group of writes of a range that are answered alike, in sessions or not: what may be repeated must not share a request with what may not.</summary>
    private RangeGroup WriteGroup(ReadOnlySpan<byte> key)
    {
        if (_groupCount > 0 && IsFor(_groups[_lastGroup], key))
        {
            return _groups[_lastGroup];
        }

        for (int i = 0; i < _groupCount; i++)
        {
            if (IsFor(_groups[i], key))
            {
                _lastGroup = i;
                return _groups[i];
            }
        }

        RangeGroup group = NewGroup(router.RangeOf(key), null);
        group.Items.ItemsInSessions = _inSession;
        return group;
    }

    private bool IsFor(RangeGroup group, ReadOnlySpan<byte> key) =>
        group.Ack == _ack && group.Items.ItemsInSessions == _inSession && group.Range.Contains(key);

    private RangeGroup ReadGroup(ReadOnlySpan<byte> key, ReadOptions? options)
    {
        if (_groupCount > 0 && _groups[_lastGroup].Range.Contains(key) && _groups[_lastGroup].TryJoin(options))
        {
            return _groups[_lastGroup];
        }

        for (int i = 0; i < _groupCount; i++)
        {
            if (_groups[i].Range.Contains(key) && _groups[i].TryJoin(options))
            {
                _lastGroup = i;
                return _groups[i];
            }
        }

        return NewGroup(router.RangeOf(key), options);
    }

    /// <summary>The group that has a range's writes so far.</summary>
    private RangeGroup? FindGroup(ReadOnlySpan<byte> key)
    {
        for (int i = _groupCount - 1; i >= 0; i--)
        {
            if (_groups[i].Range.Contains(key))
            {
                _lastGroup = i;
                return _groups[i];
            }
        }

        return null;
    }

    private RangeGroup NewGroup(RangeDescriptor range, ReadOptions? options)
    {
        if (_groups.Count == _groupCount)
        {
            _groups.Add(new());
        }

        _lastGroup = _groupCount++;
        _groups[_lastGroup].Begin(range, _ack, options);
        return _groups[_lastGroup];
    }
}
