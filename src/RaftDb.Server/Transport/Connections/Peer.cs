using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Connections;

/// <summary>Another node, as this one talks to it: the links to it (one; two for a moment when both sides dialled), what waits to be sent, the requests that
/// wait for answers. Any thread may call; nothing here blocks.</summary>
/// <remarks>
/// When both sides dialled, the link that the smaller node id dialled is kept. Only the side with the greater id decides that, because only it can tell a race
/// from a link that the other side has lost: it ends the other link with a last word, after which everything on it has arrived, so nothing is lost and no
/// loss is reported. The smaller side meanwhile sends on the newest link, which is certainly alive.
/// </remarks>
internal sealed class Peer(NodeId node, string address, NodeId self, PeerTransportOptions options, TransportMetrics metrics, HybridClock clock, ITransportHandler handler, ILogger log)
{
    private readonly Lock _gate = new();
    private readonly List<PeerLink> _links = [];
    private readonly LossDetector _loss = new();
    private readonly PendingRequests _pending = new();
    private readonly SemaphoreSlim _changed = new(0);
    private InboundRequests? _inbound;
    private PeerLink? _current;
    private Hello? _facts;
    private string? _problem;
    private string? _lastLogged;
    private long _lastHeard;
    private long _lostAt;
    private long _silencesReported;
    private bool _clockComplained;
    private bool _leaving;

    public NodeId Node { get; } = node;

    public string Address { get; } = address;

    public TransportMetrics Metrics { get; } = metrics;

    public Outbox Outbox { get; } = new(options.MaxQueuedBytes);

    public HybridClock Clock { get; } = clock;

    public int MaxFrameBytes => options.MaxFrameBytes;

    /// <summary>See the remarks of the class.</summary>
    private bool DecidesBetweenLinks => self.CompareTo(Node) > 0;

    /// <summary>Whether a link is open.</summary>
    public bool IsConnected => Volatile.Read(ref _current) is not null;

    /// <summary>A link was just lost and nothing tells why: the redial must be quick.</summary>
    public bool IsLossUndetermined
    {
        get
        {
            lock (_gate)
            {
                return _loss.IsUndetermined;
            }
        }
    }

    /// <summary>What is known of the peer.</summary>
    public PeerState State
    {
        get
        {
            lock (_gate)
            {
                Instant? heard = _lastHeard == 0 ? null : new Instant(_lastHeard);
                var problem = _current is null ? _problem ?? "not connected yet" : null;
                return new(
                    Node, Address, _current is not null, _facts?.Http, _facts?.Resp, _facts?.Zone, _facts?.Sqlite, problem, heard);
            }
        }
    }

    /// <summary>Waits until a link is lost, or for some time.</summary>
    public Task WaitForChangeAsync(TimeSpan timeout, CancellationToken cancel) => _changed.WaitAsync(timeout, cancel);

    /// <summary>Queues messages; what does not fit, or finds no link, is dropped.</summary>
    public void Send(IReadOnlyList<RangeMessage> messages)
    {
        var link = Volatile.Read(ref _current);
        var taken = link is null ? 0 : Outbox.Add(messages);
        Metrics.Dropped(messages.Count - taken);
        link?.Wake();
    }

    /// <summary>Asks, and waits for the answer.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> RequestAsync(
        PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel)
    {
        var request = Enqueue(kind, payload, timeout);
        try
        {
            return await request.Answer.WaitAsync(timeout, cancel);
        }
        catch (TimeoutException)
        {
            throw new PeerUnreachableException($"Node {Node} did not answer within {timeout.TotalMilliseconds:0} ms.", request.Withdraw());
        }
        finally
        {
            request.Withdraw();
            _pending.Remove(request.Id);
        }
    }

    /// <summary>Queues an answer for the process that asked; it is dropped when the peer is gone, because then nobody waits for it.</summary>
    public void Respond(ulong incarnation, OutgoingFrame response, OutgoingFrame ifTooMuch)
    {
        lock (_gate)
        {
            if (_current is { } link && link.Remote.Incarnation == incarnation)
            {
                if (!Outbox.TryAdd(response))
                {
                    Outbox.TryAdd(ifTooMuch, always: true);
                }

                link.Wake();
            }
        }
    }

    /// <summary>Takes over a link whose handshake is over; false when another link is kept instead (the dialling side then says so). The link is started.</summary>
    public bool Adopt(PeerLink link)
    {
        LossReport report;
        lock (_gate)
        {
            if (_leaving)
            {
                return false;
            }

            var replaced = false;
            foreach (var old in _links.ToArray())
            {
                if (old.Remote.Incarnation != link.Remote.Incarnation)
                {
                    Discard(old, "another process of this node id took its place");
                }
                else if (old.DialledByUs == link.DialledByUs)
                {
                    // Its dialler had none when it dialled again, so the old one is dead, whatever this side can see.
                    Discard(old, "the other side dialled again");
                    replaced = true;
                }
                else if (DecidesBetweenLinks && link.DialledByUs)
                {
                    return false;
                }
                else if (DecidesBetweenLinks && !old.IsRetired)
                {
                    old.Retire(FrameKind.Superseded);
                }
            }

            _links.Add(link);
            _current = link;
            _facts = link.Remote;
            _problem = null;
            _lastLogged = null;
            _silencesReported = 0;
            _lastHeard = MonotonicClock.Now.Nanoseconds;
            report = _loss.Connected(link.Remote.Incarnation, replaced);
            if (report == LossReport.ProcessGone)
            {
                ForgetProcess("its process was replaced by another");
            }
        }

        Report(report);
        Metrics.Connected();
        log.LogInformation("Connected to node {Node} at {Address} ({Direction}).", Node.Value, Address, link.DialledByUs ? "dialled" : "accepted");
        link.Start(this);
        return true;
    }

    /// <summary>What a link is to send next, in bytes to be released; 0 when nothing, or when another link sends now.</summary>
    public long TakeOutgoing(PeerLink link, OutgoingBatch batch)
    {
        lock (_gate)
        {
            return _current == link ? Outbox.Take(batch) : 0;
        }
    }

    /// <summary>A frame came.</summary>
    public void OnFrame(PeerLink link, Frame frame)
    {
        Metrics.FrameReceived();
        Interlocked.Exchange(ref _lastHeard, MonotonicClock.Now.Nanoseconds);
        HybridTimestamp sent;
        switch (frame.Kind)
        {
            case FrameKind.Messages:
                var messages = PeerFrames.DecodeMessages(frame.Payload.Span, out sent);
                Merge(sent);
                handler.OnMessages(Node, messages);
                break;
            case FrameKind.Request:
                var request = PeerFrames.DecodeRequest(frame.Payload.Span, out sent);
                Merge(sent);
                Inbound().Accept(link.Remote.Incarnation, request);
                break;
            case FrameKind.Response:
                var response = PeerFrames.DecodeResponse(frame.Payload.Span, out sent);
                Merge(sent);
                Complete(response);
                break;
            case FrameKind.Ping:
                Outbox.TryAdd(new() { Kind = FrameKind.Pong, Id = PeerFrames.DecodeNumber(frame.Payload.Span) }, always: true);
                Volatile.Read(ref _current)?.Wake();
                break;
            case FrameKind.Pong:
                PeerFrames.DecodeNumber(frame.Payload.Span);
                break;
            case FrameKind.Superseded:
                OnSuperseded(link);
                break;
            case FrameKind.Goodbye:
                OnGoodbye(link);
                break;
            default:
                throw new ProtocolViolationException($"A frame of kind {frame.Kind} has no place after the handshake.");
        }
    }

    /// <summary>A link's tasks have ended.</summary>
    public void OnLinkClosed(PeerLink link, string reason)
    {
        lock (_gate)
        {
            if (!_links.Remove(link))
            {
                return;
            }

            _pending.Fail(p => p.Link == link && !link.EndedInOrder, $"The connection to node {Node} was lost before it answered: {reason}");
            if (_current == link)
            {
                _current = _links.LastOrDefault(l => !l.IsRetired);
                _current?.Wake();
            }

            if (_current is null && !link.IsRetired && !_leaving)
            {
                _loss.Disconnected();
                _lostAt = Environment.TickCount64;
                _problem = $"the connection was lost: {reason}";
                ForgetProcess(_problem);
                log.LogInformation("The connection to node {Node} was lost: {Reason}", Node.Value, reason);
            }
        }

        _changed.Release();
    }

    /// <summary>A dial was refused by the machine, or shows a process that has just started.</summary>
    public void OnProcessGone(string problem)
    {
        LossReport report;
        lock (_gate)
        {
            if (_current is not null)
            {
                return;
            }

            _problem = problem;
            report = _loss.ProcessIsGone();
            if (report != LossReport.None)
            {
                ForgetProcess(problem);
            }
        }

        Report(report);
    }

    /// <summary>Another process than the one that we were connected to answered, though we may not talk to it.</summary>
    public void OnSeen(ulong incarnation)
    {
        LossReport report;
        lock (_gate)
        {
            report = _current is null ? _loss.Seen(incarnation) : LossReport.None;
        }

        Report(report);
    }

    /// <summary>A dial failed, or one of the two nodes refused the other. Logged when it is news.</summary>
    public void OnProblem(string problem, bool refused)
    {
        lock (_gate)
        {
            if (_current is not null)
            {
                return;
            }

            _problem = problem;
            if (!refused || _lastLogged == problem)
            {
                return;
            }

            _lastLogged = problem;
        }

        log.LogError("No connection with node {Node} at {Address}: {Problem}", Node.Value, Address, problem);
    }

    /// <summary>The other side broke the protocol; its connection is being closed.</summary>
    public void OnViolation(string what) => log.LogWarning("The connection to node {Node} is closed: {Violation}", Node.Value, what);

    /// <summary>A message is longer than any frame may be. It can never be sent, so somebody must know.</summary>
    public void OnMessageTooLarge(RangeMessage item)
    {
        Metrics.Dropped(1);
        log.LogError(
            "A message of range {Range} to node {Node} is longer than the longest frame ({Bytes} bytes) and is dropped: {Kind}.",
            item.Range.Value, Node.Value, options.MaxFrameBytes, item.Message.GetType().Name);
    }

    /// <summary>A handler threw; the connection is closed.</summary>
    public void OnFault(Exception fault) => FaultEdge.Take(log, fault, $"Handling what node {Node} sent failed; its connection is closed.");

    /// <summary>Looks after silence; called every half ping interval. <paramref name="paused"/>: this process itself did not run, so silence tells nothing.</summary>
    public void Pulse(long now, bool paused)
    {
        PeerLink[] links;
        LossReport report;
        var suspected = false;
        lock (_gate)
        {
            links = [.. _links];
            report = _loss.IsUndetermined && now - _lostAt >= options.LossVerdictTimeout.TotalMilliseconds ? _loss.VerdictTimedOut() : LossReport.None;
            if (_current is { } current && !paused)
            {
                var step = (long)options.SuspectAfter.TotalMilliseconds;
                var silences = current.SilentFor(now) / step;
                suspected = silences > _silencesReported;
                _silencesReported = silences;
            }
        }

        Report(report);
        if (suspected)
        {
            handler.OnPeerSuspected(Node);
        }

        foreach (var link in links)
        {
            if (!paused && Math.Max(link.SilentFor(now), link.BlockedFor(now)) >= options.CloseAfter.TotalMilliseconds)
            {
                link.Abort($"nothing came, or could be sent, for {options.CloseAfter.TotalSeconds:0.#} s");
            }
            else if (link == Volatile.Read(ref _current) && link.IdleFor(now) >= options.PingInterval.TotalMilliseconds && link.BlockedFor(now) == 0)
            {
                Outbox.TryAdd(new() { Kind = FrameKind.Ping, Id = (ulong)now }, always: true);
                link.Wake();
            }
        }
    }

    /// <summary>Sends what is queued, says goodbye and closes.</summary>
    public async Task LeaveAsync(TimeSpan within)
    {
        PeerLink[] links;
        lock (_gate)
        {
            _leaving = true;
            links = [.. _links];
        }

        foreach (var link in links)
        {
            link.Retire(FrameKind.Goodbye);
        }

        _pending.Fail(_ => true, "This node is stopping.");
        await Task.WhenAny(Task.WhenAll(links.Select(link => link.Closed)), Task.Delay(within));
        foreach (var link in links)
        {
            link.Abort("this node is stopping");
        }

        await Task.WhenAll(links.Select(link => link.Closed));
    }

    /// <summary>Closes every link without a word, as a crash would.</summary>
    public void Crash()
    {
        lock (_gate)
        {
            _leaving = true;
            foreach (var link in _links)
            {
                link.Abort("this node is stopping");
            }
        }
    }

    private PendingRequest Enqueue(PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout)
    {
        if (payload.Length > options.MaxFrameBytes - PeerFrames.RequestOverhead)
        {
            throw new PeerUnreachableException($"A request of {payload.Length} bytes is longer than the longest frame ({options.MaxFrameBytes} bytes).", notSent: true);
        }

        lock (_gate)
        {
            if (_current is not { } link || _leaving)
            {
                throw new PeerUnreachableException($"Node {Node} is not connected: {_problem ?? "it was never reached"}.", notSent: true);
            }

            var pending = _pending.Add();
            if (!Outbox.TryAdd(new() { Kind = FrameKind.Request, Id = pending.Id, Request = kind, Timeout = timeout, Payload = payload, Pending = pending }))
            {
                _pending.Remove(pending.Id);
                throw new PeerUnreachableException($"Too much waits to be sent to node {Node}.", notSent: true);
            }

            link.Wake();
            return pending;
        }
    }

    private InboundRequests Inbound() => _inbound ??= new(this, options, handler, log);

    private void Complete(IncomingResponse response)
    {
        var request = _pending.Remove(response.Id);
        if (response.Answered)
        {
            request?.Complete(response.Payload);
        }
        else
        {
            request?.FailAnswered($"Node {Node} could not answer: {response.Failure}");
        }
    }

    private void Merge(HybridTimestamp sent)
    {
        if (Clock.Merge(sent) == ClockMerge.Refused)
        {
            if (!_clockComplained)
            {
                _clockComplained = true;
                log.LogError("The clock of node {Node} is ahead of this node's by more than is allowed ({Milliseconds} ms since 1970 there): set one of them right.", Node.Value, sent.Milliseconds);
            }
        }
        else
        {
            _clockComplained = false;
        }
    }

    private void OnSuperseded(PeerLink link)
    {
        lock (_gate)
        {
            if (_current == link)
            {
                _current = _links.LastOrDefault(l => l != link && !l.IsRetired);
                if (_current is null)
                {
                    // The link that is kept is about to come: its welcome is on the way.
                    _loss.Superseded();
                }
            }

            link.Retire(FrameKind.Superseded);
            _current?.Wake();
        }
    }

    private void OnGoodbye(PeerLink link)
    {
        LossReport report;
        lock (_gate)
        {
            _problem = "the node was stopped";
            report = _loss.ProcessIsGone();
            foreach (var each in _links.ToArray())
            {
                Discard(each, "the node was stopped");
            }

            ForgetProcess(_problem);
        }

        log.LogInformation("Node {Node} is stopping.", Node.Value);
        link.Abort("the node was stopped");
        Report(report);
        _changed.Release();
    }

    private void Discard(PeerLink link, string why)
    {
        _links.Remove(link);
        if (_current == link)
        {
            _current = null;
        }

        _pending.Fail(p => p.Link == link, $"The connection to node {Node} was lost before it answered: {why}");
        link.Abort(why);
    }

    /// <summary>Nothing that waits for this process will be answered, or need be sent.</summary>
    private void ForgetProcess(string why)
    {
        Metrics.Dropped(Outbox.Clear());
        _pending.Fail(p => p.Link is null || !_links.Contains(p.Link), $"Node {Node} was lost before it answered: {why}");
        _inbound?.Forget();
    }

    private void Report(LossReport report)
    {
        if (report != LossReport.None)
        {
            handler.OnPeerLost(Node, report == LossReport.ProcessGone);
        }
    }
}
