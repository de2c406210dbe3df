namespace RaftDb.Client.Resp;

/// <summary>One command on its way over one connection. Completed once: with the answer, or with <see cref="ConnectionLostException"/>. Who waits may give it up before.</summary>
/// <param name="request">The command.</param>
/// <param name="allowed">How long its answer may take.</param>
/// <param name="continueInline">Whether who waits goes on on the thread that reads the answer.</param>
internal sealed class RespCall(RespRequest request, TimeSpan allowed, bool continueInline = false)
    : TaskCompletionSource<RespValue>(continueInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously)
{
    private const int Waiting = 0;
    private const int Written = 1;
    private const int GivenUp = 2;

    private int _state;

    /// <summary>The bytes; gone when they have been written.</summary>
    public RespRequest Request => request;

    /// <summary>How long its answer may take.</summary>
    public TimeSpan Allowed => allowed;

    /// <summary>When it was written, on the monotonic clock.</summary>
    public long WrittenAt { get; private set; }

    /// <summary>Whether its bytes may have left.</summary>
    public bool WasWritten => Volatile.Read(ref _state) == Written;

    /// <summary>The writer takes it; false: nobody waits for it any more.</summary>
    public bool TryBeginWriting(long now)
    {
        WrittenAt = now;
        return Interlocked.CompareExchange(ref _state, Written, Waiting) == Waiting;
    }

    /// <summary>Whoever waited doesn't. True: it has not been written, and never will be.</summary>
    public bool GiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, Waiting) != Written;
}

/// <summary>A connection broke, or could not be made.</summary>
/// <param name="message">Why.</param>
/// <param name="sent">Whether the command may have reached the node.</param>
/// <param name="inner">The cause.</param>
internal sealed class ConnectionLostException(string message, bool sent, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the command may have reached the node.</summary>
    public bool Sent => sent;
}
