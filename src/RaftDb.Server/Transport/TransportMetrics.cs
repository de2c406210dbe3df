using System.Diagnostics.Metrics;
using RaftDb.Storage;

namespace RaftDb.Server.Transport;

/// <summary>Counters of one peer's connection, in the meter <c>RaftDb</c> with the peer's id as a tag.</summary>
internal sealed class TransportMetrics(NodeId peer)
{
    private static readonly Meter Meter = new("RaftDb");
    private static readonly Counter<long> BytesSentCounter = Meter.CreateCounter<long>("raftdb.transport.sent", "By", "Bytes sent to a peer.");
    private static readonly Counter<long> BytesReceivedCounter = Meter.CreateCounter<long>("raftdb.transport.received", "By", "Bytes received from a peer.");
    private static readonly Counter<long> WritesCounter = Meter.CreateCounter<long>("raftdb.transport.writes", "{write}", "Writes to a peer's connection; each sends all that waited.");
    private static readonly Counter<long> FramesReceivedCounter = Meter.CreateCounter<long>("raftdb.transport.frames_received", "{frame}", "Frames received from a peer.");
    private static readonly Counter<long> MessagesSentCounter = Meter.CreateCounter<long>("raftdb.transport.messages_sent", "{message}", "Raft messages sent to a peer.");
    private static readonly Counter<long> DroppedCounter = Meter.CreateCounter<long>("raftdb.transport.messages_dropped", "{message}", "Raft messages to a peer that were dropped, because it was not connected or its queue was full.");
    private static readonly Counter<long> ConnectsCounter = Meter.CreateCounter<long>("raftdb.transport.connects", "{connection}", "Connections to a peer that were opened, from either side.");

    private readonly KeyValuePair<string, object?> _tag = new("peer", (long)peer.Value);
    private long _dropped;

    /// <summary>Raft messages to this peer that were dropped.</summary>
    public long MessagesDropped => Interlocked.Read(ref _dropped);

    public void Sent(int bytes)
    {
        BytesSentCounter.Add(bytes, _tag);
        WritesCounter.Add(1, _tag);
    }

    public void Received(int bytes) => BytesReceivedCounter.Add(bytes, _tag);

    public void FrameReceived() => FramesReceivedCounter.Add(1, _tag);

    public void MessagesSent(int count) => MessagesSentCounter.Add(count, _tag);

    public void Dropped(int count)
    {
        if (count > 0)
        {
            Interlocked.Add(ref _dropped, count);
            DroppedCounter.Add(count, _tag);
        }
    }

    public void Connected() => ConnectsCounter.Add(1, _tag);
}
