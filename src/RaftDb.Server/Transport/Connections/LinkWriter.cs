using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Connections;

/// <summary>Turns what waits in a peer's outbox into frames and writes them, all that waits with one write where it fits. Entries are copied once, from
/// the log's memory into the pooled buffer that is sent. Owned by whoever writes the link.</summary>
internal sealed class LinkWriter(PeerLink link, Peer peer) : IDisposable
{
    // Enough for a full socket buffer; more would only make the first bytes wait for the last.
    private const int FlushBytes = 512 << 10;
    private const int KeepBytes = 1 << 20;

    private readonly WireWriter _writer = new(64 << 10);
    private readonly OutgoingBatch _batch = new();

    // Of what was taken from the outbox: what is not released yet, and how much of that goes with the next flush.
    private long _owed;
    private long _encoded;

    /// <summary>Sends a frame without payload.</summary>
    public async ValueTask SendAsync(FrameKind kind)
    {
        _writer.EmptyFrame(kind);
        await FlushAsync();
    }

    /// <summary>Sends what waits; false when there is nothing for this link.</summary>
    public async ValueTask<bool> SendQueuedAsync()
    {
        _owed = peer.TakeOutgoing(link, _batch);
        if (_owed == 0)
        {
            return false;
        }

        foreach (var frame in _batch.Frames)
        {
            Add(frame);
            if (_writer.Length >= FlushBytes)
            {
                await FlushAsync();
            }
        }

        await AddMessagesAsync();
        await FlushAsync();
        _batch.Frames.Clear();
        _batch.Messages.Clear();
        return true;
    }

    public void Dispose()
    {
        // What was taken and not written goes with the link.
        peer.Metrics.Dropped(_batch.Messages.Count);
        peer.Outbox.Release(_owed);
        _writer.Dispose();
    }

    private void Add(OutgoingFrame frame)
    {
        _encoded += frame.Size;
        if (frame.Pending is null || frame.Pending.TryBeginWrite(link))
        {
            PeerFrames.Encode(_writer, frame, peer.Clock.Now());
        }
    }

    private async ValueTask AddMessagesAsync()
    {
        var messages = _batch.Messages;
        for (var i = 0; i < messages.Count;)
        {
            var start = PeerFrames.BeginMessages(_writer, peer.Clock.Now());
            var first = i;
            do
            {
                var before = _writer.Length;
                MessageCodec.Encode(_writer, messages[i]);
                if (_writer.Length - start > peer.MaxFrameBytes)
                {
                    _writer.Rewind(before);
                    if (i > first)
                    {
                        break;
                    }

                    peer.OnMessageTooLarge(messages[i]);
                }

                _encoded += MessageCodec.Estimate(messages[i].Message);
                i++;
            }
            while (i < messages.Count && _writer.Length < FlushBytes);

            _writer.EndFrame(start);
            peer.Metrics.MessagesSent(i - first);
            if (i < messages.Count)
            {
                await FlushAsync();
            }
        }
    }

    private async ValueTask FlushAsync()
    {
        if (_writer.Length > 0)
        {
            await link.WriteBytesAsync(_writer.Written);
            peer.Metrics.Sent(_writer.Length);
            _writer.Reset(KeepBytes);
        }

        peer.Outbox.Release(_encoded);
        _owed -= _encoded;
        _encoded = 0;
    }
}
