using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Quorum;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>What the group has ever committed, as seen from outside. It only grows: what one node commits or applies is what every other
/// does (State Machine Safety), and a new leader has all of it (Leader Completeness; thesis figure 3.2).</summary>
internal sealed class CommitLedger(SimWorld world, Configuration bootstrap)
{
    private readonly List<(Entry Entry, ulong Chain, Configuration Configuration)> _committed = [];

    /// <summary>The last index that was committed by the leader of each term.</summary>
    private readonly SortedDictionary<ulong, LogIndex> _committedIn = [];

    private readonly List<LogPosition> _acknowledged = [];

    public LogIndex Last => new((ulong)_committed.Count);

    public Term HighestTerm => new(_committedIn.Count == 0 ? 0 : _committedIn.Keys.Max());

    public Configuration Configuration => _committed.Count == 0 ? bootstrap : _committed[^1].Configuration;

    public ulong ChainAt(LogIndex index) => index == LogIndex.Zero ? 0 : _committed[(int)index.Value - 1].Chain;

    public Entry EntryAt(LogIndex index) => _committed[(int)index.Value - 1].Entry;

    /// <summary>A node's commit index is this now.</summary>
    public void Committed(SimNode node, SimProcess process, Sight before)
    {
        var raft = process.Raft;
        var commit = raft.Commit;
        if (commit > Last)
        {
            Extend(node, process, before);
        }

        if (process.View.Holds(commit))
        {
            Check.That(
                process.View.ChainAt(commit) == ChainAt(commit), $"replica {node.Id} committed another entry {commit} than the group");
        }
        else
        {
            Check.That(process.IsInstalling, $"replica {node.Id} committed {commit} and has {process.View.Floor.Index}..{process.View.Last.Index}");
        }
    }

    /// <summary>A node leads a new term: it must have all that leaders of earlier terms have committed by now.</summary>
    public void Elected(SimNode node, SimProcess process)
    {
        var term = process.Raft.Term;
        var needed = LogIndex.Zero;
        foreach (var (earlier, last) in _committedIn)
        {
            if (earlier < term.Value)
            {
                needed = LogIndex.Max(needed, last);
            }
        }

        Check.That(
            process.View.Last.Index >= needed && (needed <= process.View.Floor.Index || process.View.ChainAt(needed) == ChainAt(needed)),
            $"replica {node.Id} leads term {term} without the committed entry {needed}");
    }

    public void Applied(ReplicaId replica, MachineState machine)
    {
        var index = machine.Position.Index;
        Check.That(index <= Last, $"replica {replica} applied {index}, and only {Last} is committed");
        var (_, chain, configuration) = _committed[(int)index.Value - 1];
        Check.That(machine.Chain == chain, $"replica {replica} applied another entry {index} than the group committed");
        Check.That(
            machine.Configuration == configuration,
            $"replica {replica} has configuration {machine.Configuration} at {index}, and the log says {configuration}");
    }

    public void Acknowledged(LogPosition position) => _acknowledged.Add(position);

    /// <summary>At the end: what was acknowledged is there.</summary>
    public void CheckAcknowledged()
    {
        foreach (var position in _acknowledged)
        {
            Check.That(
                position.Index <= Last && EntryAt(position.Index).Term == position.Term,
                $"the acknowledged entry {position.Index}@{position.Term} is lost");
        }
    }

    private void Extend(SimNode node, SimProcess process, Sight before)
    {
        var raft = process.Raft;
        var commit = raft.Commit;
        var term = raft.Role == Role.Leader ? raft.Term : before.Term;
        Check.That(
            raft.Role == Role.Leader || before.Role == Role.Leader, $"replica {node.Id}, no leader, committed {commit} before any leader");
        Check.That(
            raft.TermOf(commit) == term, $"leader {node.Id} of term {term} committed {commit} of term {raft.TermOf(commit)} by counting");
        for (var index = Last.Next; index <= commit; index = index.Next)
        {
            var entry = process.View.EntryAt(index);
            _committed.Add((entry, process.View.ChainAt(index), After(entry)));
        }

        _committedIn[term.Value] = commit;
        world.Marks.Hit("commits");
        Check.That(
            IsDurable(before.Configuration, commit) || IsDurable(raft.Configuration, commit),
            $"{commit} is committed and not durable on a quorum of {before.Configuration} or {raft.Configuration}");
    }

    /// <summary>Committed means: on the disks of a quorum, whatever those nodes are doing now.</summary>
    private bool IsDurable(Configuration configuration, LogIndex commit)
    {
        var votes = new Dictionary<ReplicaId, bool>();
        foreach (var node in world.Nodes)
        {
            var log = node.Disk.Log;
            votes[node.Id] = log.Floor.Index >= commit || (log.Holds(commit) && log.ChainAt(commit) == ChainAt(commit));
        }

        return JointQuorum.VoteResult(configuration, votes) == VoteResult.Won;
    }

    private Configuration After(Entry entry)
    {
        if (entry.Kind != EntryKind.ConfigurationChange)
        {
            return Configuration;
        }

        var next = ConfigurationChanger.Apply(Configuration, ConfigurationCodec.DecodeChange(entry.Data.Span)).Configuration;
        world.Marks.Hit(next is null ? "changes without effect" : next.IsJoint ? "joint configurations" : "simple configurations");
        return next ?? Configuration;
    }
}
