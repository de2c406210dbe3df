using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Connections;

/// <summary>Another node, as this one talks to it: the links to it, what waits to be sent, the requests that
/// wait for answers. Any thread may call; nothing here blocks.</summary>
internal sealed class Peer
{
    private readonly PeerTransportOptions _options;
    private readonly ITransportHandler _handler;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly LinkSet _links;
    private readonly PeerFacts _facts = new();
    private readonly LossDetector _loss = new();
    private readonly PendingRequests _pending = new();
    private readonly PeerInbox _inbox;
    private readonly SemaphoreSlim _changed = new(0);
    private long _lostAt;
    private long _silencesReported;
    private bool _leaving;

    public Peer(
        NodeId node,
        string address,
        NodeId self,
        PeerTransportOptions options,
        TransportMetrics metrics,
        HybridClock clock,
        ITransportHandler handler,
        ILogger log)
    {
        Node = node;
        Address = address;
        Clock = clock;
        Metrics = metrics;
        Outbox = new(options.MaxQueuedBytes);
        _links = new(decides: self.CompareTo(node) > 0);
        _options = options;
        _handler = handler;
        _log = log;
        _inbox = new(this, _pending, options, handler, log);
        Requests = new(this, _pending, options);
    }

    public NodeId Node { get; }

    public string Address { get; }

    public TransportMetrics Metrics { get; }

    public Outbox Outbox { get; }

    public OutgoingRequests Requests { get; }

    public HybridClock Clock { get; }

    public int MaxFrameBytes => _options.MaxFrameBytes;

    /// <summary>Whether a link is open.</summary>
    public bool IsConnected => _links.Current is not null;

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
                return _facts.State(Node, Address, _links.Current is not null);
            }
        }
    }

    /// <summary>Waits until a link is lost, or for some time.</summary>
    public Task WaitForChangeAsync(TimeSpan timeout, CancellationToken cancel) => _changed.WaitAsync(timeout, cancel);

    /// <summary>Queues messages; what does not fit, or finds no link, is dropped.</summary>
    public void Send(IReadOnlyList<RangeMessage> messages)
    {
        var link = _links.Current;
        var taken = link is null ? 0 : Outbox.Add(messages);
        Metrics.Dropped(messages.Count - taken);
        link?.Wake();
    }

    /// <summary>Queues a request; says why when it can't be.</summary>
    public string? TryQueue(OutgoingFrame request)
    {
        PeerLink link;
        lock (_gate)
        {
            if (_links.Current is not { } current || _leaving)
            {
                return $"Node {Node} is not connected: {_facts.Problem ?? "it was never reached"}.";
            }

            if (!Outbox.TryAdd(request))
            {
                return $"Too much waits to be sent to node {Node}.";
            }

            link = current;
        }

        link.Wake();
        return null;
    }

    /// <summary>Queues an answer for the process that asked; it is dropped when the peer is gone, because then nobody waits for it.</summary>
    public void Respond(ulong incarnation, OutgoingFrame response, OutgoingFrame ifTooMuch)
    {
        PeerLink? link;
        lock (_gate)
        {
            link = _links.Current;
            if (link?.Remote.Incarnation != incarnation)
            {
                return;
            }

            if (!Outbox.TryAdd(response))
            {
                Outbox.TryAdd(ifTooMuch, always: true);
            }
        }

        link.Wake();
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

            List<(PeerLink Link, string Why)> discarded = [];
            if (!_links.Admit(link, discarded))
            {
                return false;
            }

            foreach (var (old, why) in discarded)
            {
                Close(old, why);
            }

            _facts.Connected(link.Remote);
            _silencesReported = 0;
            report = _loss.Connected(link.Remote.Incarnation, replaced: discarded.Count > 0);
            if (report == LossReport.ProcessGone)
            {
                ForgetProcess("its process was replaced by another");
            }
        }

        Report(report);
        Metrics.Connected();
        _log.LogInformation("Connected to node {Node} at {Address} ({Direction}).", Node.Value, Address, link.DialledByUs ? "dialled" : "accepted");
        link.Start(this);
        return true;
    }

    /// <summary>What a link is to send next, in bytes to be released; 0 when nothing, or when another link sends now.</summary>
    public long TakeOutgoing(PeerLink link, OutgoingBatch batch)
    {
        lock (_gate)
        {
            return _links.Current == link ? Outbox.Take(batch) : 0;
        }
    }

    /// <summary>Whether something waits that is for this link to send.</summary>
    public bool HasOutgoing(PeerLink link) => _links.Current == link && Outbox.HasQueued;

    /// <summary>A frame came; links themselves are this class's affair, all else is the inbox's.</summary>
    public void OnFrame(PeerLink link, Frame frame)
    {
        Metrics.FrameReceived();
        _facts.Heard();
        switch (frame.Kind)
        {
            case FrameKind.Ping:
                Outbox.TryAdd(new() { Kind = FrameKind.Pong, Id = PeerFrames.DecodeNumber(frame.Payload.Span) });
                _links.Current?.Wake();
                break;
            case FrameKind.Superseded:
                OnSuperseded(link);
                break;
            case FrameKind.Goodbye:
                OnGoodbye(link);
                break;
            default:
                _inbox.Take(link.Remote.Incarnation, frame);
                break;
        }
    }

    /// <summary>A link's tasks have ended.</summary>
    public void OnLinkClosed(PeerLink link, string reason)
    {
        var report = LossReport.None;
        lock (_gate)
        {
            if (!_links.Remove(link))
            {
                return;
            }

            _pending.Fail(p => p.Link == link && !link.EndedInOrder, $"The connection to node {Node} was lost before it answered: {reason}");
            _links.Current?.WakeLater();
            if (_links.Current is not null)
            {
                report = link.EndedInOrder || _leaving ? LossReport.None : _loss.OneOfTwoDisconnected();
            }
            else if (!link.IsRetired && !_leaving)
            {
                _loss.Disconnected();
                _lostAt = Environment.TickCount64;
                _silencesReported = 0;
                _facts.Problem = $"the connection was lost: {reason}";
                ForgetProcess(_facts.Problem);
                _log.LogInformation("The connection to node {Node} was lost: {Reason}", Node.Value, reason);
            }
        }

        Report(report);
        _changed.Release();
    }

    /// <summary>A dial was refused by the machine, or shows a process that has just started.</summary>
    public void OnProcessGone(string problem)
    {
        LossReport report;
        lock (_gate)
        {
            if (_links.Current is not null)
            {
                return;
            }

            _facts.Problem = problem;
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
            report = _links.Current is null ? _loss.Seen(incarnation) : LossReport.None;
        }

        Report(report);
    }

    /// <summary>A dial failed, or one of the two nodes refused the other. Logged when it is news.</summary>
    public void OnProblem(string problem, bool refused)
    {
        lock (_gate)
        {
            if (_links.Current is not null)
            {
                return;
            }

            _facts.Problem = problem;
            if (!refused || !_facts.IsNews(problem))
            {
                return;
            }
        }

        _log.LogError("No connection with node {Node} at {Address}: {Problem}", Node.Value, Address, problem);
    }

    /// <summary>The other side broke the protocol; its connection is being closed.</summary>
    public void OnViolation(string what) => _log.LogWarning("The connection to node {Node} is closed: {Violation}", Node.Value, what);

    /// <summary>A message is longer than any frame may be. It can never be sent, so somebody must know.</summary>
    public void OnMessageTooLarge(RangeMessage item)
    {
        Metrics.Dropped(1);
        _log.LogError(
            "A message of range {Range} to node {Node} is longer than the longest frame ({Bytes} bytes) and is dropped: {Kind}.",
            item.Range.Value, Node.Value, _options.MaxFrameBytes, item.Message.GetType().Name);
    }

    /// <summary>A handler threw; the connection is closed.</summary>
    public void OnFault(Exception fault) => FaultEdge.Take(_log, fault, $"Handling what node {Node} sent failed; its connection is closed.");

    /// <summary>Looks after silence; called every half ping interval. <paramref name="paused"/>: this process itself did not run, so silence tells nothing.</summary>
    public void Pulse(long now, bool paused)
    {
        PeerLink[] links;
        LossReport report;
        var suspected = false;
        lock (_gate)
        {
            links = _links.All;
            report = _loss.IsUndetermined && now - _lostAt >= _options.LossVerdictTimeout.TotalMilliseconds ? _loss.VerdictTimedOut() : LossReport.None;
            if (!paused)
            {
                // A peer that is out of reach is as silent as one that says nothing; after a while everybody has heard of it.
                var silence = _links.Current?.SilentFor(now) ?? (_loss.IsLost ? now - _lostAt : 0);
                var steps = (long)(Math.Min(silence, _options.CloseAfter.TotalMilliseconds) / _options.SuspectAfter.TotalMilliseconds);
                suspected = steps > _silencesReported;
                _silencesReported = steps;
            }
        }

        Report(report);
        if (suspected)
        {
            _handler.OnPeerSuspected(Node);
        }

        foreach (var link in links)
        {
            if (!paused && link.IsStalled(now, _options.CloseAfter))
            {
                link.Abort($"nothing came, or could be sent, for {_options.CloseAfter.TotalSeconds:0.#} s");
            }
            else if (link == _links.Current && link.WantsPing(now, _options.PingInterval))
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
            links = _links.All;
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
            foreach (var link in _links.All)
            {
                link.Abort("this node is stopping");
            }
        }
    }

    private void OnSuperseded(PeerLink link)
    {
        lock (_gate)
        {
            if (_links.GiveWay(link))
            {
                _links.Current?.WakeLater();
            }
            else
            {
                // The link that is kept is about to come: its welcome is on the way.
                _loss.Superseded();
                _lostAt = Environment.TickCount64;
            }
        }
    }

    private void OnGoodbye(PeerLink link)
    {
        LossReport report;
        lock (_gate)
        {
            if (!_links.Contains(link))
            {
                return;
            }

            _facts.Problem = "the node was stopped";
            report = _loss.ProcessIsGone();
            foreach (var each in _links.All)
            {
                _links.Remove(each);
                Close(each, _facts.Problem);
            }

            ForgetProcess(_facts.Problem);
        }

        _log.LogInformation("Node {Node} is stopping.", Node.Value);
        Report(report);
        _changed.Release();
    }

    private void Close(PeerLink link, string why)
    {
        _pending.Fail(p => p.Link == link, $"The connection to node {Node} was lost before it answered: {why}");
        link.Abort(why);
    }

    /// <summary>Nothing that waits for this process will be answered, or need be sent.</summary>
    private void ForgetProcess(string why)
    {
        Metrics.Dropped(Outbox.Clear());
        _pending.Fail(p => p.Link is null || !_links.Contains(p.Link), $"Node {Node} was lost before it answered: {why}");
        _inbox.ForgetAsker();
    }

    private void Report(LossReport report)
    {
        if (report != LossReport.None)
        {
            _handler.OnPeerLost(Node, report == LossReport.ProcessGone);
        }
    }
}
