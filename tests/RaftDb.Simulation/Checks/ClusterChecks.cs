using System.Runtime.CompilerServices;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Simulation.States;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;

namespace RaftDb.Simulation.Checks;

/// <summary>What is checked of every replica after every pass, of every message and of every applied entry, across all nodes and their whole history.</summary>
internal sealed class ClusterChecks(SimCluster world) : IStateObserver
{
    private readonly SortedDictionary<RangeId, RangeLedger> _ledgers = [];
    private readonly Dictionary<Replica, Sight> _seen = [];
    private readonly Promises _promises = new(world);
    private readonly Leases _leases = new(world);
    private readonly MembershipRules _members = new(world);
    private CatalogueMarks? _marks;

    private CatalogueMarks Catalogue => _marks ??= new(world, _members);

    /// <summary>How many entries gave the same digest on another replica.</summary>
    public long Compared => _ledgers.Values.Sum(l => l.Compared);

    public RangeLedger Of(RangeId range)
    {
        if (!_ledgers.TryGetValue(range, out RangeLedger? ledger))
        {
            _ledgers.Add(range, ledger = new(range));
        }

        return ledger;
    }

    /// <summary>The log of a node was recovered. Damage may be found only where there is some.</summary>
    public void Recovered(SimProcess process)
    {
        if (process.Binlog.Damages.Count > 0)
        {
            Require(process.Machine.Disk.IsDamaged, $"node {process.Node} finds damage on a disk that only lost what was not synced: {process.Binlog.Damages[0]}");
            world.Marks.Hit("G2 damage found at start");
        }
    }

    /// <summary>A replica is not used after a start.</summary>
    public void Refused(SimProcess process, RecoveredReplica replica, string reason)
    {
        Require(process.Machine.Disk.IsDamaged, $"node {process.Node} does not trust its replica of range {replica.Range}, and its disk did nothing wrong: {reason}");
        world.Trace.Add($"node {process.Node} does not use range {replica.Range}: {reason}");
        world.Marks.Hit("suspect replicas");
    }

    /// <summary>A replica starts from what is durable: nothing that it promised is gone.</summary>
    public void Started(SimProcess process, Replica replica)
    {
        RaftNode node = replica.Consensus;
        Require(node.Role == Role.Follower, $"replica {replica.Id} of range {replica.Range} starts as {node.Role}");
        _promises.Started(process, replica);
        _seen[replica] = Sight.Of(node);
        Catalogue.Started(replica);
        if (node.Commit > LogIndex.Zero)
        {
            Of(replica.Range).Commits(replica.Id, node, node.Role, node.Term);
        }
    }

    public void Stepped(SimProcess process, Replica replica)
    {
        RaftNode node = replica.Consensus;
        Sight before = _seen[replica];
        RangeLedger ledger = Of(replica.Range);
        world.Trace.Mix(((ulong)process.Machine.Index << 56) ^ (replica.Range.Value << 48) ^ node.Term.Value, node.Commit.Value ^ (node.Last.Index.Value << 32) ^ node.Applied.Value);
        bool elected = node.Role == Role.Leader && (before.Role != Role.Leader || before.Term != node.Term);
        if (elected)
        {
            world.Marks.Hit("leaders elected");
            world.Trace.Detail(() => $"node {process.Node} leads range {replica.Range} in term {node.Term}");
            ledger.Elected(replica.Id, node);
            world.Elected?.Invoke(replica.Range);
        }

        if (node.Commit > before.Commit && ledger.Commits(replica.Id, node, before.Role, before.Term))
        {
            Require(
                _promises.IsDurable(replica.Range, before.Configuration, node.Commit) || _promises.IsDurable(replica.Range, node.Configuration, node.Commit),
                $"range {replica.Range}: {node.Commit} is committed and not durable on a quorum of {node.Configuration}");
            _leases.Committed(replica.Range);
            Catalogue.Committed(node);
        }

        _leases.Check(process, replica);
        Sight now = Sight.Of(node);
        if (now != before)
        {
            if (node.Role is Role.Candidate or Role.PreCandidate && before.Role != node.Role)
            {
                _members.Campaigns(process, replica);
            }

            Catalogue.Stepped(process, replica, before);
            _seen[replica] = now;
        }
    }

    /// <summary>A message arrives.</summary>
    public void Received(SimProcess process, in RangeMessage message) => Catalogue.Received(process, message);

    /// <summary>A machine has another disk: what it says from now on it has no ground for.</summary>
    public void Wiped(SimMachine machine) => _promises.Wiped(machine);

    public void Sent(SimProcess process, RangeMessage message)
    {
        _promises.Sent(process, message);
        _members.Sent(process, message);
        Catalogue.Sent(process, message);
    }

    public void Applied(RangeId range, in Entry entry, ulong digest, Configuration configuration)
    {
        RangeLedger ledger = Of(range);
        ledger.Applied(entry, digest, configuration);
        world.Trace.Mix(range.Value ^ (entry.Index.Value << 8), digest);
    }

    public void Halted(SimProcess process, Replica replica, string reason)
    {
        Require(process.Machine.Disk.IsDamaged, $"node {process.Node} halted its replica of range {replica.Range}: {reason}");
        world.Marks.Hit("H2 replica halted by a local failure");
    }

    /// <summary>A comparison has condemned a replica: only where a row has rotted may it do that.</summary>
    public void Quarantined(SimProcess process, RangeId range, string reason)
    {
        Require(process.Machine.States.HasRotted(range), $"node {process.Node}: a comparison condemns the replica of range {range}, of which no row has rotted: {reason}");
        world.Trace.Add($"node {process.Node} quarantines its replica of range {range}: {reason}");
        world.Marks.Hit("H6 replica condemned by a comparison");
    }

    public void Died(SimProcess process, bool machineToo)
    {
        Catalogue.Died(process, machineToo);
        foreach (Replica replica in process.Replicas.All)
        {
            _seen.Remove(replica);
        }
    }

    private static void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref CheckMessage broken)
    {
        if (!holds)
        {
            throw new SimulationFailedException(broken.ToString());
        }
    }
}
