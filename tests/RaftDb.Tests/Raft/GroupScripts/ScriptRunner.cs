using System.Text;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Tests.DataDriven;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.GroupScripts;

/// <summary>Runs the directives of a script (see testdata/raft/README.md) and says what happened in the group.</summary>
internal sealed class ScriptRunner
{
    private ScriptedGroup _group = new(new(), Bootstrap([]));

    public IReadOnlyList<string> Run(Directive directive)
    {
        _group.Output.Clear();
        Dispatch(directive);
        if (directive.Has("silent"))
        {
            _group.Output.Clear();
        }

        return _group.Output.Count == 0 ? ["ok"] : [.. _group.Output];
    }

    private void Dispatch(Directive directive)
    {
        switch (directive.Command)
        {
            case "new-group":
                NewGroup(directive);
                break;
            case "start":
                _group.Start(_group.Add(Id(directive)));
                break;
            case "persist":
                Repeat(directive, node => node.HasWrites, _group.Persist);
                break;
            case "apply":
                _group.Apply(Node(directive));
                break;
            case "deliver":
                _group.Deliver(Messages(directive));
                break;
            case "drop":
                _group.Drop(Messages(directive));
                break;
            case "stabilize":
                _group.Stabilize(Among(directive));
                break;
            case "tick":
                _group.Advance(Duration(directive), Among(directive), () => { });
                break;
            case "run":
                _group.Stabilize(Among(directive));
                _group.Advance(Duration(directive), Among(directive), () => _group.Stabilize(Among(directive)));
                break;
            case "isolate":
                _group.Isolate(Id(directive));
                _group.Drop(message => message.From == Id(directive) || message.To == Id(directive));
                break;
            case "join":
                _group.Join(Id(directive));
                break;
            case "crash":
                Node(directive).Crash(int.Parse(directive.Value("keep") ?? "0"));
                break;
            case "restart":
                _group.Start(Node(directive), directive.Has("suspect"));
                break;
            case "compact":
                Compact(directive);
                break;
            case "send-snapshot":
                _group.SendSnapshot(Node(directive), To(directive));
                break;
            case "status":
                _group.Output.AddRange(_group.Nodes.Select(Status));
                break;
            case "progress":
                _group.Output.AddRange(Node(directive).Raft!.Followers(_group.Now).Select(Progress));
                break;
            case "log":
                _group.Output.AddRange(Node(directive).Disk.Log.Entries.Select(MessageText.Of));
                break;
            case "lease":
                _group.Output.Add(Node(directive).Raft!.HoldsLease(_group.Now) ? "held" : "not held");
                break;
            default:
                _group.Step(Node(directive), ParseInput(directive));
                break;
        }
    }

    private static Input ParseInput(Directive directive) => directive.Command switch
    {
        "campaign" => new Input.Campaign(),
        "propose" => new Input.Propose([.. Words(directive).Select(word => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(word))]),
        "change" => new Input.ProposeConfigurationChange(ParseChange(directive)),
        "transfer" => new Input.TransferLeadership(To(directive)),
        "read-index" => new Input.ReadIndex(ulong.Parse(directive.Value("context")!)),
        "process-lost" => new Input.ProcessLost(Parse(directive.Value("of")!)),
        "suspect" => new Input.Suspected(Parse(directive.Value("of")!)),
        "unreachable" => new Input.Unreachable(Parse(directive.Value("of")!)),
        "persisted" => new Input.EntriesPersisted(
            new(new(ulong.Parse(directive.Value("index")!)), new(ulong.Parse(directive.Value("term")!)))),
        "request-applied" => new Input.RequestAppliedReports(new(ulong.Parse(directive.Value("index")!))),
        _ => throw new FormatException($"{directive}: unknown directive"),
    };

    private void NewGroup(Directive directive)
    {
        var voters = directive.Values("voters").Select(Parse).ToList();
        var options = new RaftOptions
        {
            FailoverMode = directive.Value("mode") == "lease" ? FailoverMode.Lease : FailoverMode.Fast,
            PreVote = directive.Value("prevote") != "off",
            QuiesceAfterHeartbeats = int.Parse(directive.Value("quiesce") ?? "0"),
            MaxAppendBytes = int.Parse(directive.Value("max-append") ?? "1048576"),
            MaxInflightMessages = int.Parse(directive.Value("inflight") ?? "256"),
            EntryCacheBytes = 0,
            CheckInvariants = true,
        };
        _group = new(options, Bootstrap(voters) with
        {
            Configuration = Configuration.OfVoters(voters) with { Learners = [.. directive.Values("learners").Select(Parse)] },
        });
        foreach (var id in voters.Concat(directive.Values("learners").Select(Parse)).Order())
        {
            _group.Add(id);
        }

        foreach (var line in directive.Input)
        {
            SeedLog(DataDrivenFile.Parse(directive.File, [line, "----"])[0]);
        }

        foreach (var node in _group.Nodes)
        {
            _group.Start(node);
        }
    }

    /// <summary>An input line of new-group: <c>node 1 terms=(1,1,4) term=6 commit=2</c>.</summary>
    private void SeedLog(Directive line)
    {
        var terms = line.Values("terms").Select(ulong.Parse).ToList();
        var term = ulong.Parse(line.Value("term") ?? terms.LastOrDefault().ToString());
        Node(line).Seed(terms, new(new(term), ReplicaId.None, new(ulong.Parse(line.Value("commit") ?? "0"))));
    }

    private void Compact(Directive directive)
    {
        var node = Node(directive);
        var index = new LogIndex(ulong.Parse(directive.Value("index")!));
        _group.Step(node, new Input.LogCompacted(new(index, node.Disk.Log.TermAt(index))));
        node.Disk.Log.Compact(index);
    }

    private void Repeat(Directive directive, Func<ScriptedNode, bool> has, Action<ScriptedNode> action)
    {
        var node = Node(directive);
        for (var count = int.Parse(directive.Value("count") ?? "1000"); count > 0 && has(node); count--)
        {
            action(node);
        }
    }

    private static ConfigurationChange ParseChange(Directive directive) => new(
        [
            .. Words(directive).Where(word => char.IsDigit(word[^1])).Select(word => new ReplicaChange(
                word[0] switch
                {
                    'v' => ConfigurationChangeKind.AddVoter,
                    'l' => ConfigurationChangeKind.AddLearner,
                    'r' => ConfigurationChangeKind.Remove,
                    _ => throw new FormatException($"{directive}: unknown change {word}"),
                },
                Parse(word[1..]))),
        ],
        directive.Has("joint") ? ConfigurationTransition.JointAutoLeave
            : directive.Has("explicit") ? ConfigurationTransition.JointExplicitLeave
            : ConfigurationTransition.Auto);

    /// <summary>from, to and type narrow it down; what a node says to itself is under way, too.</summary>
    private static Func<Message, bool> Messages(Directive directive) => message =>
        (!directive.Has("from") || message.From == Parse(directive.Value("from")!)) &&
        (!directive.Has("to") || message.To == To(directive)) &&
        (!directive.Has("type") || message.GetType().Name == directive.Value("type"));

    private static Func<ReplicaId, bool> Among(Directive directive)
    {
        var nodes = directive.Values("nodes").Select(Parse).ToHashSet();
        return id => nodes.Count == 0 || nodes.Contains(id);
    }

    private static MachineState Bootstrap(IReadOnlyList<ReplicaId> voters) =>
        new(LogPosition.Zero, 0, Configuration.OfVoters(voters));

    private static TimeSpan Duration(Directive directive) => TimeSpan.FromMilliseconds(int.Parse(directive.Value("ms")!));

    private static ReplicaId Parse(string text) => new(ulong.Parse(text));

    private static ReplicaId To(Directive directive) => Parse(directive.Value("to")!);

    private static ReplicaId Id(Directive directive) => Parse(directive.Arguments[0].Key);

    private ScriptedNode Node(Directive directive) => _group[Id(directive)];

    /// <summary>Arguments after the node that have no value.</summary>
    private static IEnumerable<string> Words(Directive directive) =>
        directive.Arguments.Skip(1).Where(argument => argument.Values.Count == 0 && argument.Key != "silent").Select(argument => argument.Key);

    private static string Status(ScriptedNode node) => node.Raft is { } raft
        ? $"{node.Id} {raft.Role} term={raft.Term} leader={raft.Leader} last={MessageText.Of(raft.Last)} persisted={raft.Persisted} commit={raft.Commit} " +
            $"applied={raft.Applied} {raft.Configuration}{(raft.IsQuiet ? " quiet" : "")}"
        : $"{node.Id} does not run";

    private static string Progress(FollowerStatus status) =>
        $"{status.Replica} {(status.IsVoter ? "voter" : "learner")} {status.State} match={status.Match} applied={status.Applied}" +
        (status.IsLive ? " live" : "");
}
