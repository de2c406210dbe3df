using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.GroupScripts;

/// <summary>A group under the control of a script: nothing happens by itself, and everything that does is written down.</summary>
internal sealed class ScriptedGroup
{
    private static readonly Instant Beginning = new(0);

    private readonly RaftOptions _options;
    private readonly MachineState _bootstrap;
    private readonly SortedDictionary<ReplicaId, ScriptedNode> _nodes = [];
    private readonly List<Message> _underWay = [];
    private readonly HashSet<ReplicaId> _isolated = [];
    private Instant _now = Beginning;

    public ScriptedGroup(RaftOptions options, MachineState bootstrap)
    {
        _options = options;
        _bootstrap = bootstrap;
    }

    public List<string> Output { get; } = [];

    public IEnumerable<ScriptedNode> Nodes => _nodes.Values;

    public Instant Now => _now;

    public ScriptedNode this[ReplicaId id] => _nodes[id];

    public ScriptedNode Add(ReplicaId id)
    {
        var node = new ScriptedNode(id, _options, _bootstrap);
        _nodes.Add(id, node);
        return node;
    }

    public void Start(ScriptedNode node, bool suspect = false)
    {
        node.Start(_now, suspect);
        Step(node, Input.Tick.Instance);
    }

    public void Isolate(ReplicaId id) => _isolated.Add(id);

    public void Join(ReplicaId id) => _isolated.Remove(id);

    public void Step(ScriptedNode node, Input input)
    {
        if (node.Raft is null)
        {
            return;
        }

        if (input is not Input.Tick)
        {
            Output.Add($"{node.Id} <- {InputText.Of(input)}");
        }

        var role = node.Raft.Role;
        var ready = node.Raft.Step(_now, input);
        if (node.Raft.Role != role)
        {
            Output.Add($"  {node.Id} becomes {node.Raft.Role} in term {node.Raft.Term}");
        }

        Output.AddRange(ReadyText.Lines(ready).Select(line => $"  {node.Id} {line}"));
        Send(node.Take(ready));
    }

    public void Persist(ScriptedNode node)
    {
        var (messages, inputs) = node.Persist();
        Send(messages);
        foreach (var input in inputs)
        {
            Step(node, input);
        }
    }

    public void Apply(ScriptedNode node) => Step(node, node.Apply());

    /// <summary>Delivers what is under way and satisfies the condition, in the order of sending.</summary>
    public bool Deliver(Func<Message, bool> condition)
    {
        var chosen = Remove(condition);
        foreach (var message in chosen)
        {
            if (_nodes.TryGetValue(message.To, out var node))
            {
                Step(node, new Input.MessageReceived(message));
            }
        }

        return chosen.Count > 0;
    }

    public void Drop(Func<Message, bool> condition) =>
        Output.AddRange(Remove(condition).Select(message => $"dropped {MessageText.Of(message)}"));

    /// <summary>The sender's state machine reaches the follower, which is told in the sender's name.</summary>
    public void SendSnapshot(ScriptedNode from, ReplicaId to)
    {
        from.SnapshotsToSend.Remove(to);
        if (_nodes.TryGetValue(to, out var node) && node.Raft is not null && !_isolated.Contains(to))
        {
            node.Expect(from.Machine);
            Step(node, new Input.MessageReceived(new InstallSnapshot(from.Id, to, from.Raft!.Term, from.Machine.Metadata)));
            Step(from, new Input.SnapshotSent(to, from.Machine.Position, true));
        }
        else
        {
            Step(from, new Input.SnapshotSent(to, from.Machine.Position, false));
        }
    }

    /// <summary>Ends writes, applies, snapshots and deliveries of these nodes until there are none. Messages to others stay under way.</summary>
    public void Stabilize(Func<ReplicaId, bool> takesPart)
    {
        const int MostRounds = 1_000;
        for (var round = 0; round < MostRounds; round++)
        {
            var active = false;
            foreach (var node in _nodes.Values.Where(node => node.Raft is not null && takesPart(node.Id)).ToList())
            {
                for (; node.HasWrites; active = true)
                {
                    Persist(node);
                }

                for (; node.HasApplies; active = true)
                {
                    Apply(node);
                }

                foreach (var follower in node.SnapshotsToSend.Where(takesPart).ToList())
                {
                    SendSnapshot(node, follower);
                    active = true;
                }

                active |= Deliver(message => message.To == node.Id && takesPart(message.From));
            }

            if (!active)
            {
                return;
            }
        }

        Assert.Fail($"the group did not come to rest in {MostRounds} rounds");
    }

    /// <summary>Time passes; timers of these nodes fire when they are due, and <paramref name="between"/> happens after each.</summary>
    public void Advance(TimeSpan duration, Func<ReplicaId, bool> takesPart, Action between)
    {
        var end = _now + duration;
        while (true)
        {
            var due = _nodes.Values.Where(node => node.Raft is not null && takesPart(node.Id))
                .MinBy(node => node.Raft!.NextDeadline);
            if (due is null || due.Raft!.NextDeadline > end)
            {
                break;
            }

            if (due.Raft.NextDeadline > _now)
            {
                _now = due.Raft.NextDeadline;
            }

            Step(due, Input.Tick.Instance);
            between();
        }

        _now = end;
    }

    private void Send(IEnumerable<Message> messages) =>
        _underWay.AddRange(messages.Where(message =>
            message.To == message.From || (!_isolated.Contains(message.From) && !_isolated.Contains(message.To))));

    private List<Message> Remove(Func<Message, bool> condition)
    {
        var chosen = _underWay.Where(condition).ToList();
        _underWay.RemoveAll(chosen.Contains);
        return chosen;
    }
}
