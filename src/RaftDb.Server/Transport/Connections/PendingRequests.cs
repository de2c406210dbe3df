namespace RaftDb.Server.Transport.Connections;

/// <summary>A request that waits for its answer. It is queued, then written or withdrawn, whichever comes first: that decides whether it
/// may have arrived.</summary>
internal sealed class PendingRequest(ulong id)
{
    private const int Queued = 0;
    private const int IsWritten = 1;
    private const int Withdrawn = 2;

    private readonly TaskCompletionSource<ReadOnlyMemory<byte>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PeerLink? _link;
    private int _state;

    public ulong Id { get; } = id;

    public Task<ReadOnlyMemory<byte>> Answer => _answer.Task;

    /// <summary>The link that it was written to.</summary>
    public PeerLink? Link => Volatile.Read(ref _link);

    /// <summary>The writer takes it; false when it was withdrawn meanwhile.</summary>
    public bool TryBeginWrite(PeerLink link)
    {
        Volatile.Write(ref _link, link);
        return Interlocked.CompareExchange(ref _state, IsWritten, Queued) != Withdrawn;
    }

    /// <summary>Takes it back; true when it certainly was not and will not be written.</summary>
    public bool Withdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Queued) != IsWritten;

    public void Complete(ReadOnlyMemory<byte> answer) => _answer.TrySetResult(answer);

    public void Fail(string reason) => _answer.TrySetException(new PeerUnreachableException(reason, Withdraw()));

    /// <summary>The peer tried and failed to answer.</summary>
    public void FailAnswered(string reason) => _answer.TrySetException(new PeerUnreachableException(reason, notSent: false));
}

/// <summary>The requests to one peer that wait for answers. Thread-safe.</summary>
internal sealed class PendingRequests
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, PendingRequest> _byId = [];
    private ulong _lastId;

    public PendingRequest Add()
    {
        lock (_gate)
        {
            PendingRequest request = new(++_lastId);
            _byId.Add(request.Id, request);
            return request;
        }
    }

    /// <summary>Takes a request out; null when nobody waits for it any more.</summary>
    public PendingRequest? Remove(ulong id)
    {
        lock (_gate)
        {
            return _byId.Remove(id, out var request) ? request : null;
        }
    }

    /// <summary>Fails those that can't be answered any more.</summary>
    public void Fail(Func<PendingRequest, bool> which, string reason)
    {
        List<PendingRequest> failed = [];
        lock (_gate)
        {
            foreach (var request in _byId.Values)
            {
                if (which(request))
                {
                    failed.Add(request);
                }
            }

            foreach (var request in failed)
            {
                _byId.Remove(request.Id);
            }
        }

        foreach (var request in failed)
        {
            request.Fail(reason);
        }
    }
}
