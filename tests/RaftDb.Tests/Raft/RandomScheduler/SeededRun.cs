using RaftDb.Raft;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>One seed from beginning to end: a time of faults in which nothing wrong may happen, then a time without, in which
/// something right must.</summary>
internal sealed class SeededRun(ulong seed)
{
    private const long Ms = 1_000_000;
    private const long SettleWithin = 60_000 * Ms;
    private const long CommitWithin = 20_000 * Ms;

    private readonly SimWorld _world = new(seed);

    public Marks Marks => _world.Marks;

    public ulong Digest => _world.Trace.Digest;

    public long Events => _world.Time.Executed;

    /// <summary>The options, the last that happened, and how all nodes are, for the report of a failure.</summary>
    public string Report() => string.Join(
        Environment.NewLine,
        (string[])[_world.Swarm.ToString(), .. _world.Trace.Lines(), .. _world.Nodes.Select(node => node.ToString())]);

    public void Run()
    {
        for (var i = 0; i < _world.Swarm.Nodes; i++)
        {
            _world.AddFirstNode();
        }

        _world.Faults.Begin();
        _world.Workload.Begin();
        _world.Time.RunUntil(_world.Swarm.Duration);

        _world.Trace.Add("heal");
        _world.Workload.End();
        _world.Faults.End();
        Settle();
        CommitSomethingNew();
        _world.Checks.Ledger.CheckAcknowledged();
    }

    private void Settle()
    {
        var end = _world.Time.Now + SettleWithin;
        while (Unsettled() is { } why)
        {
            Check.That(_world.Time.Now < end, $"not settled {SettleWithin / Ms} ms after all faults stopped: {why}");
            _world.Time.RunUntil(_world.Time.Now + (100 * Ms));
        }
    }

    private void CommitSomethingNew()
    {
        var end = _world.Time.Now + CommitWithin;
        var before = _world.Checks.Ledger.Last;
        var command = _world.Workload.NewCommand(0);
        while (!IsCommitted(before, command))
        {
            Check.That(_world.Time.Now < end, $"a proposal was not committed within {CommitWithin / Ms} ms");
            Leader()?.Post(new Input.Propose([command]));
            _world.Time.RunUntil(_world.Time.Now + (500 * Ms));
        }

        Settle();
    }

    private bool IsCommitted(LogIndex after, byte[] command)
    {
        var ledger = _world.Checks.Ledger;
        for (var index = after.Next; index <= ledger.Last; index = index.Next)
        {
            if (ledger.EntryAt(index).Data.Span.SequenceEqual(command))
            {
                return true;
            }
        }

        return false;
    }

    private SimNode? Leader() =>
        _world.Nodes.Where(node => node.Raft?.Role == Role.Leader).MaxBy(node => node.Raft!.Term);

    /// <summary>Why the group isn't one leader and equal logs, all committed and applied, or null.</summary>
    private string? Unsettled()
    {
        var ledger = _world.Checks.Ledger;
        var configuration = ledger.Configuration;
        if (configuration is { IsJoint: true, AutoLeave: true })
        {
            return $"{configuration} has not been left";
        }

        if (Leader() is not { Process: { } leader } leading)
        {
            return "there is no leader";
        }

        if (!configuration.Contains(leading.Id))
        {
            return $"{leading.Id} leads and is not a member of {configuration}";
        }

        foreach (var id in configuration.Members)
        {
            if (_world.Find(id) is not { Process: { } process })
            {
                return $"{id} does not run";
            }

            if (process.Raft.Term != leader.Raft.Term || process.Raft.Leader != leading.Id)
            {
                return $"{id} follows {process.Raft.Leader} in term {process.Raft.Term}, not {leading.Id} in {leader.Raft.Term}";
            }

            if (process.IsInstalling || process.View.Last != leader.View.Last || process.Raft.Commit != leader.View.Last.Index ||
                process.Machine.Position.Index != process.Raft.Commit || ledger.Last != process.Raft.Commit)
            {
                return $"{id} has {process.View.Last}, commit {process.Raft.Commit}, applied {process.Machine.Position.Index}; " +
                    $"the leader {leading.Id} has {leader.View.Last}, the group has committed {ledger.Last}";
            }
        }

        foreach (var status in leader.Raft.Followers(leader.Now))
        {
            if (status.Match != ledger.Last || status.Applied != ledger.Last)
            {
                return $"the leader {leading.Id} takes {status.Replica} to have {status.Match}, applied {status.Applied}, of {ledger.Last}";
            }
        }

        return null;
    }
}
