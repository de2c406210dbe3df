using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Replicas;

/// <summary>A leader proposes to expire keys when the earliest TTL is due, and sessions that are not used any more; replicas expire nothing by their own clocks. Owned by the replica's loop.</summary>
internal sealed class ExpirySchedule(Replica replica, IReplicaHost host)
{
    /// <summary>Keys per entry: bounds how long one entry takes to apply.</summary>
    private const int KeysPerEntry = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly SessionExpiry _sessions = new(replica, host);
    private Task<ProposalResult>? _underWay;
    private Instant _next;
    private Instant _keysAt = Instant.Never;

    /// <summary>When to be consulted next.</summary>
    public Instant NextTime => Instant.Min(_keysAt, _sessions.NextTime);

    public void Consider(Instant now, bool isLeader)
    {
        _sessions.Consider(now, isLeader);
        if (!isLeader || replica.State.Machine.EarliestExpiry is not { } earliest)
        {
            _keysAt = Instant.Never;
            return;
        }

        if (now >= _next)
        {
            // Also while the last proposal is under way: a time that has passed would have this replica called again and again.
            _next = now + Interval;
            HybridTimestamp time = host.LogTime();
            if ((_underWay is null or { IsCompleted: true }) && earliest.Milliseconds <= time.Milliseconds)
            {
                ExpireCommand command = new(time, replica.State.Machine.Descriptor.Generation, KeysPerEntry);
                _underWay = replica.ProposeAsync(CommandCodec.Encode(command), AckMode.Quorum, now + TimeSpan.FromSeconds(5));
            }
        }

        _keysAt = _next;
    }
}
