namespace RaftDb.Server.Transport.Connections;

/// <summary>A frame other than Raft messages that waits to be sent.</summary>
internal sealed record OutgoingFrame
{
    public required Wire.FrameKind Kind { get; init; }

    /// <summary>The request's number, or the ping's.</summary>
    public ulong Id { get; init; }

    /// <summary>What a request asks.</summary>
    public PeerRequestKind Request { get; init; }

    /// <summary>How long the asker waits.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Whether a response is an answer; otherwise the payload says why there is none.</summary>
    public bool Answered { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>For requests: whether it is still wanted.</summary>
    public PendingRequest? Pending { get; init; }

    /// <summary>What it counts for in the bound.</summary>
    public int Size => Payload.Length + 64;
}

/// <summary>What a writer took from the outbox to send.</summary>
internal sealed class OutgoingBatch
{
    public List<OutgoingFrame> Frames { get; set; } = [];

    public List<RangeMessage> Messages { get; set; } = [];
}

/// <summary>What waits to be sent to one peer, bounded in bytes: what was taken counts until it is written. Thread-safe; never blocks.</summary>
internal sealed class Outbox(long maxBytes)
{
    private readonly Lock _gate = new();
    private List<OutgoingFrame> _frames = [];
    private List<RangeMessage> _messages = [];

    // What is queued and what was taken but not yet written; the second half keeps a blocked connection within the bound.
    private long _queued;
    private long _taken;

    /// <summary>Bytes that wait, or are being written.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _queued + _taken;
            }
        }
    }

    /// <summary>Whether something waits to be taken.</summary>
    public bool HasQueued => Volatile.Read(ref _queued) > 0;

    /// <summary>Adds messages in order and says how many; the rest does not fit.</summary>
    public int Add(IReadOnlyList<RangeMessage> messages)
    {
        lock (_gate)
        {
            for (var i = 0; i < messages.Count; i++)
            {
                var size = Wire.MessageCodec.Estimate(messages[i].Message);
                if (_queued + _taken + size > maxBytes)
                {
                    return i;
                }

                _queued += size;
                _messages.Add(messages[i]);
            }

            return messages.Count;
        }
    }

    /// <summary>Adds a frame unless it does not fit. Pings and pongs always do: they are few and small.</summary>
    public bool TryAdd(OutgoingFrame frame, bool always = false)
    {
        lock (_gate)
        {
            if (_queued + _taken + frame.Size > maxBytes && !always)
            {
                return false;
            }

            _queued += frame.Size;
            _frames.Add(frame);
            return true;
        }
    }

    /// <summary>Moves all that waits into an empty batch and says how many bytes that is, to be released; 0 when nothing waits.</summary>
    public long Take(OutgoingBatch batch)
    {
        lock (_gate)
        {
            var bytes = _queued;
            if (bytes == 0)
            {
                return 0;
            }

            (batch.Frames, _frames) = (_frames, batch.Frames);
            (batch.Messages, _messages) = (_messages, batch.Messages);
            _taken += bytes;
            _queued = 0;
            return bytes;
        }
    }

    /// <summary>Bytes that were taken are written, or dropped.</summary>
    public void Release(long bytes)
    {
        lock (_gate)
        {
            _taken -= bytes;
        }
    }

    /// <summary>Drops all that waits and says how many messages those were.</summary>
    public int Clear()
    {
        OutgoingBatch dropped = new();
        Release(Take(dropped));
        return dropped.Messages.Count;
    }
}
