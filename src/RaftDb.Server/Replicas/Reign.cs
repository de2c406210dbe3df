using RaftDb.Storage;

namespace RaftDb.Server.Replicas;

/// <summary>The time in which a node is the last known leader, as one replica sees it: it ends when another node is known to lead.</summary>
internal sealed class Reign(NodeId leader)
{
    // Without a timer, and never linked: there is nothing to dispose of.
    private readonly CancellationTokenSource _ended = new();

    public NodeId Leader { get; } = leader;

    public CancellationToken Ended => _ended.Token;

    public void End() => _ended.Cancel();
}
