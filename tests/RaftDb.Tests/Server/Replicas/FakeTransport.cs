using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>A network that remembers what is sent, and answers what the test says.</summary>
internal sealed class FakeTransport : ITransport
{
    public List<(NodeId To, RangeMessage Message)> Sent { get; } = [];

    public List<PeerState> States { get; } = [];

    public List<SnapshotAnnouncement> Announced { get; } = [];

    /// <summary>Answers requests; null: unreachable.</summary>
    public Func<NodeId, PeerRequestKind, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>?> Answer { get; set; } = (_, _, _) => null;

    public IReadOnlyList<PeerState> Peers => States;

    public void Connect(params ulong[] nodes) =>
        States.AddRange(nodes.Select(n => new PeerState(new NodeId(n), $"node{n}", true, null, null, null, null, null, null)));

    /// <summary>Called for each message right when it is sent.</summary>
    public Action<RaftDb.Raft.Messages.Message> WhenSent { get; set; } = _ => { };

    public void Send(NodeId to, IReadOnlyList<RangeMessage> messages)
    {
        foreach (RangeMessage message in messages)
        {
            Sent.Add((to, message));
            WhenSent(message.Message);
        }
    }

    public ValueTask<ReadOnlyMemory<byte>> RequestAsync(NodeId to, PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel) =>
        Answer(to, kind, payload) is { } answer ? new(answer) : throw new PeerUnreachableException($"node {to} is away", notSent: true);

    public Task SendSnapshotAsync(NodeId to, SnapshotAnnouncement announcement, ISnapshotSource source, CancellationToken cancel)
    {
        Announced.Add(announcement);
        return Task.CompletedTask;
    }
}
