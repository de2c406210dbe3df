using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Replicas;

/// <summary>A leader proposes to end sessions when the longest unused one may be due; replicas end none by their own clocks. Owned by the replica's loop.</summary>
internal sealed class SessionExpiry(Replica replica, IReplicaHost host)
{
    /// <summary>Sessions per entry: bounds how long one entry takes to apply, as each may keep thousands of results.</summary>
    private const int SessionsPerEntry = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private Task<ProposalResult>? _underWay;
    private Instant _next;

    /// <summary>When to be consulted next.</summary>
    public Instant NextTime { get; private set; } = Instant.Never;

    public void Consider(Instant now, bool isLeader)
    {
        if (!isLeader || replica.State.Machine.EarliestSessionUse is not { } earliest)
        {
            NextTime = Instant.Never;
            return;
        }

        if (now < _next)
        {
            NextTime = _next;
            return;
        }

        HybridTimestamp time = host.LogTime();
        double left = host.SessionIdleTimeout.TotalMilliseconds - (time.Milliseconds - earliest.Milliseconds);
        if (left <= 0 && _underWay is null or { IsCompleted: true })
        {
            ExpireSessionsCommand command = new(
                time, replica.State.Machine.Descriptor.Generation, (long)host.SessionIdleTimeout.TotalMilliseconds, SessionsPerEntry);
            _underWay = replica.ProposeAsync(CommandCodec.Encode(command), AckMode.Quorum, now + TimeSpan.FromSeconds(5));
        }

        _next = now + Interval;
        NextTime = left <= 0 ? _next : Instant.Min(now + TimeSpan.FromMilliseconds(left) + Interval, now + host.SessionIdleTimeout);
    }
}
