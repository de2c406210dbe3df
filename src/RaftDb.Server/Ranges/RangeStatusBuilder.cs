using System.Text.Json;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>Tells how ranges are: those that this node leads from its own knowledge, the others by asking their leaders.</summary>
internal sealed class RangeStatusBuilder(NodeId node, RangeMap map, LocalReplicas replicas, ITransport transport, TroubleBook troubles)
{
    private static readonly TimeSpan PeerTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>All ranges, by id.</summary>
    public async ValueTask<IReadOnlyList<RangeStatus>> AllAsync(CancellationToken cancel)
    {
        SortedDictionary<ulong, RangeStatus> all = [];
        SortedDictionary<NodeId, List<RangeId>> elsewhere = [];
        foreach (RangeDescriptor descriptor in map.All.Select(Current))
        {
            RangeStatus own = await OwnAsync(descriptor);
            all[own.Id] = own;
            foreach (NodeId ask in WhoKnows(descriptor, own).Where(n => n != node))
            {
                if (!elsewhere.TryGetValue(ask, out List<RangeId>? list))
                {
                    elsewhere.Add(ask, list = []);
                }

                list.Add(descriptor.Id);
            }
        }

        RangeStatus[][] answers = await Task.WhenAll(elsewhere.Select(pair => AskAsync(pair.Key, pair.Value, cancel)));
        foreach (RangeStatus answer in answers.SelectMany(a => a))
        {
            if (Weight(answer).CompareTo(Weight(all[answer.Id])) > 0)
            {
                all[answer.Id] = answer;
            }
        }

        return [.. all.Values];
    }

    /// <summary>The leader knows best; of two, that of the later term. A node that knows of none adds nothing to what we know.</summary>
    private static (int Knows, ulong Term) Weight(RangeStatus status) =>
        status.Leader is not { } leader ? (0, 0)
        : status.Replicas.Any(r => r.Node == leader && r.State == "leader") ? (2, status.Term)
        : (1, status.Term);

    /// <summary>The leader; where this node knows of none, everybody who might be it: its own replica may have been removed or cut off, and not have heard of it.</summary>
    private static IEnumerable<NodeId> WhoKnows(RangeDescriptor descriptor, RangeStatus own) =>
        own.Leader is { } leader ? [new NodeId(leader)] : descriptor.Replicas.Select(r => r.Node);

    /// <summary>Serves another node that asks about ranges here.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ServeAsync(ReadOnlyMemory<byte> payload)
    {
        List<RangeStatus> answer = [];
        foreach (ulong id in JsonSerializer.Deserialize<ulong[]>(payload.Span) ?? [])
        {
            if (map.Find(new RangeId(id)) is { } descriptor)
            {
                answer.Add(await OwnAsync(Current(descriptor)));
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(answer);
    }

    private async Task<RangeStatus[]> AskAsync(NodeId peer, List<RangeId> ranges, CancellationToken cancel)
    {
        try
        {
            ReadOnlyMemory<byte> answer = await transport.RequestAsync(
                peer, PeerRequestKind.RangeStatus, JsonSerializer.SerializeToUtf8Bytes(ranges.Select(r => r.Value)), PeerTimeout, cancel);
            return JsonSerializer.Deserialize<RangeStatus[]>(answer.Span) ?? [];
        }
        catch (PeerUnreachableException)
        {
            // Status shows what this node knows itself.
            return [];
        }
    }

    private RangeDescriptor Current(RangeDescriptor range) => replicas.FindServing(range.Id)?.State.Machine.Descriptor ?? range;

    private async ValueTask<RangeStatus> OwnAsync(RangeDescriptor descriptor)
    {
        Replica? replica = replicas.Find(descriptor.Id);
        ReplicaReport? report = null;
        long keys = 0;
        long bytes = 0;
        if (replica is not null)
        {
            ReportRequest request = new();
            replica.Post(request);
            report = await request.Completion;
            (keys, bytes) = replica.State.Machine.Size;
        }

        List<ReplicaStatus> members = [];
        foreach (ReplicaDescriptor member in descriptor.Replicas)
        {
            members.Add(Member(descriptor.Id, member, report));
        }

        return new RangeStatus(
            descriptor.Id.Value,
            descriptor.Kind == RangeKind.Meta ? "meta" : "kv",
            descriptor.Start.IsEmpty ? null : new BinaryText(descriptor.Start),
            descriptor.End is { } end ? new BinaryText(end) : null,
            descriptor.Generation,
            report?.Leader?.Value,
            report?.Term.Value ?? 0,
            report?.Commit.Value ?? 0,
            members,
            bytes,
            keys,
            (report?.Floor.Value ?? 0) + 1,
            troubles.NotesOn(descriptor.Id) is { Count: > 0 } notes ? notes : null);
    }

    private ReplicaStatus Member(RangeId range, ReplicaDescriptor member, ReplicaReport? report)
    {
        if (troubles.Find(range, member) is { } trouble)
        {
            return new ReplicaStatus(member.Node.Value, member.Replica.Value, "unusable", null, null, null, null, trouble.Reason);
        }

        if (report is not null && report.Role == Role.Leader)
        {
            foreach (FollowerStatus follower in report.Followers)
            {
                if (follower.Replica == member.Replica)
                {
                    ulong lag = report.Commit > follower.Applied ? report.Commit - follower.Applied : 0;
                    string role = member.Node == node ? "leader" : follower.IsVoter ? "follower" : "learner";
                    return new ReplicaStatus(
                        member.Node.Value, member.Replica.Value, role, follower.State, follower.Match.Value, follower.Applied.Value, lag,
                        follower.IsLive || member.Node == node ? null : "not heard from within the election timeout");
                }
            }
        }

        if (report is not null && member.Node == node)
        {
            return new ReplicaStatus(
                node.Value, member.Replica.Value, report.Role.ToString().ToLowerInvariant(), null, report.Last.Value, report.Applied.Value,
                report.Commit > report.Applied ? report.Commit - report.Applied : 0, report.Halted);
        }

        string known = report?.Leader == member.Node ? "leader" : "unknown";
        return new ReplicaStatus(member.Node.Value, member.Replica.Value, known, null, null, null, null, null);
    }
}
