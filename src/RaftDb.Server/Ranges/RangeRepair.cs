using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Server.Placement;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>Looks after the ranges that this node leads: takes the next step of <see cref="RepairPlan"/> for each, one step a pass. What is to be done is read from the replicated state each time,
/// so a pass may end anywhere, and another leader goes on.</summary>
internal sealed class RangeRepair(
    NodeId node, LocalReplicas replicas, TroubleBook book, SettledDescriptors settled, ITransport transport, IReadOnlyList<RangeDescriptor> initial, int replicationFactor, ILogger log)
{
    private readonly HashSet<RangeId> _noted = [];

    /// <summary>How many voters a range should have. Thread-safe.</summary>
    public int Wanted(RangeId range) => initial.FirstOrDefault(r => r.Id == range)?.Replicas.Count ?? replicationFactor;

    /// <summary>One pass over all ranges that are led here. One caller at a time.</summary>
    public async Task PassAsync(CancellationToken cancel)
    {
        HashSet<RangeId> led = [];
        foreach (Replica replica in replicas.All.Where(r => r.Halted is null && r.Leadership.IsLeader))
        {
            cancel.ThrowIfCancellationRequested();
            ReplicaReport report = await MembershipChanges.ReportAsync(replica).WaitAsync(cancel);
            if (report.Role == Role.Leader && report.Halted is null)
            {
                led.Add(replica.Range);
                await LookAfterAsync(replica, report, cancel);
            }
        }

        foreach (RangeId range in _noted.Where(r => !led.Contains(r)).ToList())
        {
            // Whoever leads it now has the say.
            Note(range, null);
        }
    }

    private async Task LookAfterAsync(Replica replica, ReplicaReport report, CancellationToken cancel)
    {
        RangeDescriptor descriptor = replica.State.Machine.Descriptor;
        Configuration configuration = replica.State.Machine.Configuration;
        bool isSettled = settled.Look(replica, report);
        RepairView view = new()
        {
            Descriptor = descriptor,
            Configuration = configuration,
            Members = report.Followers,
            Damaged = Damaged(descriptor),
            Commit = report.Commit,
            Wanted = Wanted(replica.Range),
            IsSettled = isSettled,
            Nodes = Nodes(replica.Range),
            IsBeingChanged = replica.Change.IsTaken,
        };
        RepairStep? step = RepairPlan.Decide(view);
        Note(replica.Range, step?.Why);
        if (!isSettled)
        {
            // A range that is quiet would never say what its members have applied.
            replica.Post(new Input.RequestAppliedReports(report.Commit));
        }

        if (step is not null && Change(step) is { } change)
        {
            ProposalOutcome outcome = await replica.ProposeChangeAsync(change).WaitAsync(cancel);
            if (outcome.Accepted == 1)
            {
                log.LogInformation("Range {Range}: {Kind} replica {Replica} on node {Node}, at index {Index}: {Reason}", replica.Range, step.Kind, step.Replica, step.Node, outcome.First.Index, step.Why);
            }
            else
            {
                log.LogInformation("Range {Range}: {Kind} replica {Replica} must wait: {Refusal} {Detail}", replica.Range, step.Kind, step.Replica, outcome.Refusal, outcome.Detail);
            }
        }
    }

    private static ConfigurationChange? Change(RepairStep step) => step.Kind switch
    {
        RepairKind.Remove => MembershipChanges.Remove(step.Replica),
        RepairKind.Add => MembershipChanges.Add(step.Replica, step.Node),
        RepairKind.Promote => MembershipChanges.Promote(step.Replica),
        _ => null,
    };

    private SortedDictionary<ReplicaId, string> Damaged(RangeDescriptor descriptor)
    {
        SortedDictionary<ReplicaId, string> damaged = [];
        foreach (ReplicaDescriptor member in descriptor.Replicas)
        {
            if (book.Find(descriptor.Id, member) is { Rebuild: true } trouble)
            {
                damaged.Add(member.Replica, trouble.Reason);
            }
        }

        return damaged;
    }

    /// <summary>Nodes that are up, those first on which the range began.</summary>
    private List<NodeId> Nodes(RangeId range)
    {
        RangeDescriptor? first = initial.FirstOrDefault(r => r.Id == range);
        return [.. transport.Peers.Where(p => p.Connected).Select(p => p.Node).Append(node).OrderBy(n => first is not null && !first.ReplicaOn(n).IsNone ? 0 : 1).ThenBy(n => n)];
    }

    private void Note(RangeId range, string? note)
    {
        book.Note(range, note);
        if (note is null)
        {
            _noted.Remove(range);
        }
        else
        {
            _noted.Add(range);
        }
    }
}
