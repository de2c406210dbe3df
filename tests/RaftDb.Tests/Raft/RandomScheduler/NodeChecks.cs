using RaftDb.Raft;
using RaftDb.Raft.Log;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>What is checked of every node after every step, across all nodes and their whole history.</summary>
internal sealed class NodeChecks(SimWorld world)
{
    /// <summary>Election Safety: at most one leader per term, ever.</summary>
    private readonly Dictionary<Term, ReplicaId> _leaders = [];

    /// <summary>Log Matching: an index and term name one entry and all before it.</summary>
    private readonly Dictionary<LogPosition, ulong> _chains = [];

    private readonly Dictionary<ReplicaId, Sight> _seen = [];

    public CommitLedger Ledger { get; } = new(world, world.Bootstrap.Configuration);

    public Promises Promises { get; } = new(world);

    public ReadChecks Reads { get; } = new(world);

    public LeaseChecks Leases { get; } = new(world);

    /// <summary>Nothing that was durable is gone.</summary>
    public void Started(SimNode node, SimProcess process)
    {
        var raft = process.Raft;
        var hard = node.Disk.HardState;
        Check.That(raft.Term == hard.Term, $"replica {node.Id} starts in term {raft.Term}, durable is {hard.Term}");
        Check.That(raft.Last == node.Disk.Log.Last, $"replica {node.Id} starts with {raft.Last}, durable is {node.Disk.Log.Last}");
        Check.That(
            raft.Commit == LogIndex.Max(hard.Commit, process.Machine.Position.Index),
            $"replica {node.Id} starts with commit {raft.Commit}; durable is {hard.Commit}, applied {process.Machine.Position.Index}");
        Check.That(raft.Applied == process.Machine.Position.Index, $"replica {node.Id} starts with applied {raft.Applied}");
        Check.That(raft.Role == Role.Follower, $"replica {node.Id} starts as {raft.Role}");
        _seen[node.Id] = new(raft.Term, raft.Role, raft.Commit, raft.Last, raft.Configuration);
        Ledger.Committed(node, process, _seen[node.Id]);
    }

    public void Stepped(SimNode node, SimProcess process)
    {
        var raft = process.Raft;
        var before = _seen[node.Id];
        Check.That(raft.Term >= before.Term, $"the term of {node.Id} went from {before.Term} to {raft.Term}");
        Check.That(raft.Commit >= before.Commit, $"the commit index of {node.Id} went from {before.Commit} to {raft.Commit}");
        CheckLog(node, process, before.Last);
        CheckLeader(node, process);
        var advanced = raft.Commit > before.Commit;
        if (advanced)
        {
            Ledger.Committed(node, process, before);
        }

        Leases.Stepped(node, process, advanced && raft.Role == Role.Leader);
        if (raft.IsQuiet && raft.Role == Role.Leader)
        {
            world.Marks.Hit("quiet leaders");
        }

        _seen[node.Id] = new(raft.Term, raft.Role, raft.Commit, raft.Last, raft.Configuration);
    }

    private void CheckLeader(SimNode node, SimProcess process)
    {
        var raft = process.Raft;
        if (raft.Role != Role.Leader)
        {
            return;
        }

        Check.That(raft.Leader == node.Id, $"leader {node.Id} takes {raft.Leader} for the leader");
        if (_leaders.TryGetValue(raft.Term, out var leader))
        {
            Check.That(leader == node.Id, $"term {raft.Term} has two leaders, {leader} and {node.Id}");
            return;
        }

        _leaders.Add(raft.Term, node.Id);
        world.Marks.Hit("elections");
        Ledger.Elected(node, process);
    }

    private void CheckLog(SimNode node, SimProcess process, LogPosition before)
    {
        var raft = process.Raft;
        var view = process.View;
        if (process.IsInstalling)
        {
            return;
        }

        Check.That(raft.Last == view.Last, $"the last entry of {node.Id} is {raft.Last}, and it was told to write up to {view.Last}");
        if (view.Last == before)
        {
            return;
        }

        for (var i = view.Entries.Count - 1; i >= 0; i--)
        {
            var entry = view.Entries[i];
            var position = new LogPosition(entry.Index, entry.Term);
            if (_chains.TryGetValue(position, out var chain))
            {
                Check.That(chain == view.ChainAt(entry.Index), $"entry {entry.Index}@{entry.Term} of {node.Id} is another one elsewhere");
                break;
            }

            _chains.Add(position, view.ChainAt(entry.Index));
        }
    }
}
