using System.Collections.Concurrent;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Tests.Server.Transport;

/// <summary>Keeps what a transport reports, and answers as a test says.</summary>
internal sealed class RecordingHandler : ITransportHandler
{
    public ConcurrentQueue<(NodeId From, RangeMessage Message)> Messages { get; } = new();

    public ConcurrentQueue<(NodeId Node, bool ProcessGone)> Lost { get; } = new();

    public ConcurrentQueue<NodeId> Suspected { get; } = new();

    public Func<NodeId, PeerRequestKind, ReadOnlyMemory<byte>, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> Answer { get; set; } =
        static (_, _, payload, _) => new(payload);

    public Func<SnapshotAnnouncement, ISnapshotSink?> Announced { get; set; } = static _ => null;

    public Func<SnapshotAnnouncement, ISnapshotSink, Task<bool>> Received { get; set; } = static (_, _) => Task.FromResult(true);

    public void OnMessages(NodeId from, IReadOnlyList<RangeMessage> messages)
    {
        foreach (var message in messages)
        {
            Messages.Enqueue((from, message));
        }
    }

    public void OnPeerLost(NodeId node, bool processGone) => Lost.Enqueue((node, processGone));

    public void OnPeerSuspected(NodeId node) => Suspected.Enqueue(node);

    public ValueTask<ReadOnlyMemory<byte>> OnRequestAsync(
        NodeId from, PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel) =>
        Answer(from, kind, payload, cancel);

    public ISnapshotSink? OnSnapshotAnnounced(NodeId from, SnapshotAnnouncement announcement) => Announced(announcement);

    public Task<bool> OnSnapshotReceivedAsync(NodeId from, SnapshotAnnouncement announcement, ISnapshotSink sink, CancellationToken cancel) =>
        Received(announcement, sink);
}
