using System.Diagnostics.Metrics;
using RaftDb.Storage;

namespace RaftDb.Server.Transport;

/// <summary>The instruments of a node's connections, made from the node's meter.</summary>
internal sealed class TransportInstruments(Meter meter)
{
    public Counter<long> BytesSent { get; } = meter.CreateCounter<long>("peer.sent", "By", "Bytes sent to a peer.");

    public Counter<long> BytesReceived { get; } = meter.CreateCounter<long>("peer.received", "By", "Bytes received from a peer.");

    public Counter<long> Writes { get; } = meter.CreateCounter<long>("peer.writes", null, "Writes to a peer's connection; each sends all that waited.");

    public Counter<long> Frames { get; } = meter.CreateCounter<long>("peer.frames_received", null, "Frames received from a peer.");

    public Counter<long> Messages { get; } = meter.CreateCounter<long>("peer.messages_sent", null, "Raft messages sent to a peer.");

    public Counter<long> Dropped { get; } = meter.CreateCounter<long>(
        "peer.messages_dropped", null, "Raft messages to a peer that were dropped, because it was not connected or too much waited.");

    public Counter<long> Connects { get; } = meter.CreateCounter<long>("peer.connects", null, "Connections to a peer that were opened, from either side.");
}

/// <summary>What happened on the connections to one peer.</summary>
internal sealed class TransportMetrics(TransportInstruments instruments, NodeId peer)
{
    private readonly KeyValuePair<string, object?> _tag = new("peer", peer.ToString());
    private long _dropped;

    /// <summary>Raft messages to this peer that were dropped.</summary>
    public long MessagesDropped => Interlocked.Read(ref _dropped);

    public void Sent(int bytes)
    {
        instruments.BytesSent.Add(bytes, _tag);
        instruments.Writes.Add(1, _tag);
    }

    public void Received(int bytes) => instruments.BytesReceived.Add(bytes, _tag);

    public void FrameReceived() => instruments.Frames.Add(1, _tag);

    public void MessagesSent(int count) => instruments.Messages.Add(count, _tag);

    public void Dropped(int count)
    {
        if (count > 0)
        {
            Interlocked.Add(ref _dropped, count);
            instruments.Dropped.Add(count, _tag);
        }
    }

    public void Connected() => instruments.Connects.Add(1, _tag);
}
