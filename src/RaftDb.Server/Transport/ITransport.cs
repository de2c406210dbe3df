using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Transport;

/// <summary>The network between nodes: one connection per pair of nodes for all ranges, and one more while a snapshot is sent. The edge that a simulator replaces.</summary>
internal interface ITransport
{
    /// <summary>Queues messages to a node, in order, and returns at once. Dropped when the node is not connected or its queue is full (Raft sends again).</summary>
    void Send(NodeId to, IReadOnlyList<RangeMessage> messages);

    /// <summary>Asks another node. Completes with its answer, or throws <see cref="PeerUnreachableException"/>.</summary>
    ValueTask<ReadOnlyMemory<byte>> RequestAsync(
        NodeId to, PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel);

    /// <summary>Streams a snapshot on a connection of its own, resuming interrupted transfers; returns when the receiver has verified it.
    /// Throws <see cref="PeerUnreachableException"/> when it can't be done.</summary>
    Task SendSnapshotAsync(NodeId to, SnapshotAnnouncement announcement, ISnapshotSource source, CancellationToken cancel);

    /// <summary>What is known of every other node.</summary>
    IReadOnlyList<PeerState> Peers { get; }
}

/// <summary>What a request between nodes asks.</summary>
internal enum PeerRequestKind : byte
{
    Write = 1,
    Get = 2,
    Scan = 3,
    Transfer = 4,
    RangeStatus = 5,
    Digest = 6,
    Troubles = 7,
    Quarantine = 8,
    Check = 9,
    Move = 10,
    GetMany = 11,
}

/// <summary>A peer could not be reached, or the connection went before the answer came.</summary>
/// <param name="message">Why.</param>
/// <param name="notSent">True when the request certainly did not arrive.</param>
internal sealed class PeerUnreachableException(string message, bool notSent, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>True when the request certainly did not arrive: it may be sent elsewhere.</summary>
    public bool NotSent { get; } = notSent;
}

/// <summary>What goes ahead of a snapshot's data.</summary>
/// <param name="Range">The range.</param>
/// <param name="Message">The Raft message that it belongs to (sender, receiver, term, metadata).</param>
/// <param name="Header">The header of the data.</param>
internal sealed record SnapshotAnnouncement(RangeId Range, Raft.Messages.InstallSnapshot Message, SnapshotHeader Header);

/// <summary>What this node knows of another.</summary>
/// <param name="Node">The node.</param>
/// <param name="PeerAddress">Where it is dialled.</param>
/// <param name="Connected">Whether there is a connection now.</param>
/// <param name="Http">Its HTTP address, from its handshake.</param>
/// <param name="Resp">Its RESP address.</param>
/// <param name="Zone">Its zone.</param>
/// <param name="Sqlite">Its SQLite version.</param>
/// <param name="Problem">Why it is not connected, or was refused; null when all is well.</param>
/// <param name="LastHeard">When something last came from it.</param>
internal sealed record PeerState(
    NodeId Node, string PeerAddress, bool Connected, string? Http, string? Resp, string? Zone, string? Sqlite, string? Problem, Raft.Instant? LastHeard);

/// <summary>Who gets what comes from other nodes. Called on transport threads; must be quick.</summary>
internal interface ITransportHandler
{
    /// <summary>Messages of many ranges, in order.</summary>
    void OnMessages(NodeId from, IReadOnlyList<RangeMessage> messages);

    /// <summary>The connection to a node was lost; <paramref name="processGone"/>: a redial was refused or another process answered.</summary>
    void OnPeerLost(NodeId node, bool processGone);

    /// <summary>Nothing (not even a ping) came from the node for a while, though the connection stands.</summary>
    void OnPeerSuspected(NodeId node);

    /// <summary>A request of another node; the answer goes back.</summary>
    ValueTask<ReadOnlyMemory<byte>> OnRequestAsync(
        NodeId from, PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel);

    /// <summary>A sink for a snapshot that is announced, or null when it is not wanted (stale, unknown range).</summary>
    ISnapshotSink? OnSnapshotAnnounced(NodeId from, SnapshotAnnouncement announcement);

    /// <summary>All bytes are there; verifies, hands over to the replica and returns when it is installed or refused (false).</summary>
    Task<bool> OnSnapshotReceivedAsync(NodeId from, SnapshotAnnouncement announcement, ISnapshotSink sink, CancellationToken cancel);
}
