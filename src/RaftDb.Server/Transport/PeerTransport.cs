using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Bootstrap;
using RaftDb.Server.Transport.Connections;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Snapshots;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Transport;

/// <summary>The network between nodes over TCP. It takes over the peer port from the bootstrap, keeps a connection to every other member, and gives the port back
/// when it is disposed. Thread-safe.</summary>
internal sealed class PeerTransport : ITransport, IAsyncDisposable
{
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);

    private static readonly Meter OwnMeter = new("RaftDb");

    private readonly PeerTransportOptions _options;
    private readonly TransportInstruments _instruments;
    private readonly NodeIdentity _identity;
    private readonly PeerListener _listener;
    private readonly HybridClock _clock;
    private readonly ILogger _log;
    private readonly HelloFactory _hellos;
    private readonly MembershipGate _gate;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<string> _refusalsLogged = [];
    private readonly List<Task> _tasks = [];
    private FrozenDictionary<NodeId, Peer> _peers = FrozenDictionary<NodeId, Peer>.Empty;
    private SnapshotSender? _snapshotSender;
    private SnapshotReceiver? _snapshotReceiver;

    /// <summary>Makes a transport that is silent until <see cref="Start"/>. It counts into <paramref name="meter"/>; without one, into one of its own.</summary>
    public PeerTransport(
        PeerTransportOptions options,
        NodeIdentity identity,
        LocalNodeFacts facts,
        PeerListener listener,
        HybridClock clock,
        ILogger log,
        Meter? meter = null)
    {
        _options = options.Validate();
        _identity = identity;
        _listener = listener;
        _clock = clock;
        _log = log;
        _instruments = new(meter ?? OwnMeter);
        Incarnation = HelloFactory.NewIncarnation();
        _hellos = new(identity, facts, Incarnation);
        foreach (var member in identity.Members)
        {
            PeerAddress.Parse(member.Address);
        }

        _gate = new(identity);
    }

    /// <summary>This process, as other nodes tell it from one before or after it.</summary>
    public ulong Incarnation { get; }

    /// <inheritdoc/>
    public IReadOnlyList<PeerState> Peers => [.. _peers.Values.Select(peer => peer.State).OrderBy(state => state.Node)];

    /// <summary>Begins to dial and to accept. Called once.</summary>
    public void Start(ITransportHandler handler)
    {
        _peers = _identity.Members
            .Where(member => member.Node != _identity.Node)
            .ToFrozenDictionary(
                member => member.Node,
                member => new Peer(member.Node, member.Address, _identity.Node, _options, new(_instruments, member.Node), _clock, handler, _log));
        _snapshotSender = new(_options, _hellos, _gate, _log);
        _snapshotReceiver = new(_options, handler, _log);
        BootstrapResponder responder = new(_identity, _hellos, _log);
        _listener.Route(ConnectionPurpose.Peer, AcceptPeerAsync);
        _listener.Route(ConnectionPurpose.Snapshot, AcceptSnapshotAsync);
        _listener.Route(ConnectionPurpose.Bootstrap, responder.AnswerAsync);
        foreach (var peer in _peers.Values)
        {
            RedialLoop dialler = new(peer, _hellos, _gate, _options);
            _tasks.Add(Task.Run(() => UntilStopped(dialler.RunAsync)));
        }

        PeerPulse pulse = new(_peers.Values, _options);
        _tasks.Add(Task.Run(() => UntilStopped(pulse.RunAsync)));
    }

    /// <inheritdoc/>
    public void Send(NodeId to, IReadOnlyList<RangeMessage> messages)
    {
        if (_peers.TryGetValue(to, out var peer))
        {
            peer.Send(messages);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> RequestAsync(
        NodeId to, PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel) =>
        PeerOf(to).Requests.AskAsync(kind, payload, timeout, cancel);

    /// <inheritdoc/>
    public Task SendSnapshotAsync(NodeId to, SnapshotAnnouncement announcement, ISnapshotSource source, CancellationToken cancel)
    {
        var peer = PeerOf(to);
        return _snapshotSender!.SendAsync(peer.Node, peer.Address, announcement, source, cancel, _stopping.Token);
    }

    /// <summary>Sends what is queued, says goodbye to every peer, closes every connection and lets go of the port (which stays open).</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        StopAccepting();
        await _stopping.CancelAsync();
        await Task.WhenAll(_peers.Values.Select(peer => peer.LeaveAsync(LeaveTimeout)));
        await Task.WhenAll(_tasks);
        if (_snapshotReceiver is { } receiver)
        {
            await receiver.DisposeAsync();
        }
    }

    /// <summary>Closes everything without a word, as a crash of the process would. For rehearsals in one process.</summary>
    public async Task CrashAsync()
    {
        StopAccepting();
        foreach (var peer in _peers.Values)
        {
            peer.Crash();
        }

        await DisposeAsync();
    }

    private void StopAccepting()
    {
        _listener.Route(ConnectionPurpose.Peer, null);
        _listener.Route(ConnectionPurpose.Snapshot, null);
        _listener.Route(ConnectionPurpose.Bootstrap, null);
    }

    private Peer PeerOf(NodeId node) =>
        _peers.TryGetValue(node, out var peer)
            ? peer
            : throw new PeerUnreachableException($"Node {node} is not another member of this cluster.", notSent: true);

    private async Task AcceptPeerAsync(IncomingConnection connection)
    {
        try
        {
            if (!await GreetAsync(connection))
            {
                connection.Dispose();
                return;
            }

            PeerLink link = new(connection.Stream, connection.Reader, connection.Hello, dialledByUs: false);
            if (!_peers[connection.Hello.Node].Adopt(link))
            {
                connection.Dispose();
            }
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private async Task AcceptSnapshotAsync(IncomingConnection connection)
    {
        using (connection)
        {
            if (await GreetAsync(connection))
            {
                await _snapshotReceiver!.ReceiveAsync(connection);
            }
        }
    }

    /// <summary>Ends the handshake of a connection that came in; false when it is not to be used.</summary>
    private async Task<bool> GreetAsync(IncomingConnection connection)
    {
        var hello = connection.Hello;
        if (_gate.JudgeIncoming(hello) is { } refusal)
        {
            NoteRefusal(hello, connection.RemoteAddress, refusal);
            await Handshake.RefuseAsync(connection.Stream, refusal, first: true, connection.Deadline);
            return false;
        }

        await Handshake.SendHelloAsync(connection.Stream, _hellos.For(hello.Node, hello.Purpose), connection.Deadline);
        try
        {
            if (!await Handshake.ReadWelcomeAsync(connection.Reader, connection.Deadline))
            {
                return false;
            }
        }
        catch (HandshakeRefusedException refused)
        {
            NoteRefusal(hello, connection.RemoteAddress, refused.Refusal);
            return false;
        }

        connection.Authenticated(_options.MaxFrameBytes);
        return true;
    }

    /// <summary>Logs a refusal once, however often the other side tries again, and shows it in the peer's state.</summary>
    private void NoteRefusal(Hello hello, string address, Refusal refusal)
    {
        const int mostRemembered = 256;
        if (_peers.TryGetValue(hello.Node, out var peer))
        {
            if (hello.Cluster == _identity.Cluster)
            {
                peer.OnSeen(hello.Incarnation);
            }

            peer.OnProblem(refusal.Reason, refused: false);
        }

        bool news;
        lock (_refusalsLogged)
        {
            news = _refusalsLogged.Count < mostRemembered && _refusalsLogged.Add(refusal.Reason);
        }

        if (news)
        {
            _log.LogError("A connection from {Address} was refused: {Reason}", address, refusal.Reason);
        }
    }

    private async Task UntilStopped(Func<CancellationToken, Task> run)
    {
        try
        {
            await run(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }
}
