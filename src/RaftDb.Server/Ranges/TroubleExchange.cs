using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>Tells every connected node of the damaged replicas here, so that the leaders of their ranges can replace them, learns which replicas here are no members any more, and wakes groups
/// whose leader has halted. Nodes without
/// troubles say nothing (but once, that what they told is over).</summary>
internal sealed class TroubleExchange(
    LocalReplicas replicas, TroubleBook book, SettledDescriptors settled, ITransport transport, INodeClock clock, Action<RangeId, ReplicaId> removed)
{
    private static readonly TimeSpan PeerTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>Several elections' time: by then a replica that is still a member has heard of a leader.</summary>
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(6);

    private readonly Dictionary<Replica, Instant> _leaderless = [];
    private bool _told;

    /// <summary>One round. One caller at a time.</summary>
    public async Task TellAsync(CancellationToken cancel)
    {
        TroubleMessage message = new([.. book.Own.Select(TroubleItem.Of)], FindLost());
        bool any = message.Troubles.Count + message.Lost.Count > 0;
        if (any || _told)
        {
            _told = any;
            ReadOnlyMemory<byte> bytes = message.Encode();
            await Task.WhenAll(transport.Peers.Where(p => p.Connected).Select(p => TellAsync(p.Node, bytes, message.Lost, cancel)));
        }
    }

    /// <summary>Serves another node that tells.</summary>
    public ReadOnlyMemory<byte> Serve(NodeId from, ReadOnlyMemory<byte> payload)
    {
        TroubleMessage message = TroubleMessage.Decode(payload);
        book.Told(from, [.. message.Troubles.Select(t => t.ToTrouble())]);
        foreach (TroubleItem item in message.Troubles)
        {
            // A leader that has halted says nothing any more, and a group that is quiet does not miss that.
            if (replicas.FindServing(new RangeId(item.Range)) is { Halted: null } here && here.Leadership.Leader == from)
            {
                here.Post(new Input.Suspected(new ReplicaId(item.Replica)));
            }
        }

        return new TroubleAnswer([.. message.Lost.Where(IsGone)]).Encode();
    }

    private bool IsGone(ReplicaItem item) => replicas.FindServing(new RangeId(item.Range)) is { Halted: null } leader && settled.IsGone(leader, new ReplicaId(item.Replica));

    private async Task TellAsync(NodeId peer, ReadOnlyMemory<byte> message, IReadOnlyList<ReplicaItem> lost, CancellationToken cancel)
    {
        try
        {
            TroubleAnswer answer = TroubleAnswer.Decode(await transport.RequestAsync(peer, PeerRequestKind.Troubles, message, PeerTimeout, cancel));
            foreach (ReplicaItem item in answer.Removed.Where(lost.Contains))
            {
                removed(new RangeId(item.Range), new ReplicaId(item.Replica));
            }
        }
        catch (PeerUnreachableException)
        {
            // It is told again in the next round.
        }
    }

    /// <summary>It knows; what it doesn't know is whether a quorum does, so that it can go.</summary>
    private static bool HasAppliedItsRemoval(Replica replica) => !replica.IsBlank && replica.State.Machine.Descriptor.NodeOf(replica.Id) == default;

    private List<ReplicaItem> FindLost()
    {
        List<ReplicaItem> lost = [];
        foreach (Replica replica in replicas.All)
        {
            if (replica.Halted is not null || (replica.Leadership.Leader is not null && (replica.IsBlank || replica.IsVoter)))
            {
                _leaderless.Remove(replica);
                continue;
            }

            bool isOverdue = !_leaderless.TryAdd(replica, clock.Now) && clock.Now - _leaderless[replica] >= LostAfter;
            if (isOverdue || HasAppliedItsRemoval(replica))
            {
                lost.Add(new ReplicaItem(replica.Range.Value, replica.Id.Value));
            }
        }

        foreach (Replica gone in _leaderless.Keys.Except(replicas.All).ToList())
        {
            _leaderless.Remove(gone);
        }

        return lost;
    }
}
