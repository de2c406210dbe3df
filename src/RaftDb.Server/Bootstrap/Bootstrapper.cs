using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>The first start of a cluster: every node meets every other, all agree on one cluster id, and each has that on its disk before any of them
/// votes.</summary>
internal sealed class Bootstrapper
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RemindAfter = TimeSpan.FromSeconds(10);

    private readonly BootstrapRequest _request;
    private readonly ClusterAgreement _told;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly BootstrapAgreement _agreement;
    private readonly HelloFactory _hellos;
    private readonly BootstrapGate _door;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _waitingFor = "";
    private long _remindedAt;

    private Bootstrapper(BootstrapRequest request, ClusterAgreement told, ILogger log)
    {
        _request = request;
        _told = told;
        _log = log;
        var state = NodeIdentityStore.LoadOrBegin(request.DataDirectory, request.Node, told);
        _agreement = new(request.Node, told, state, Guid.NewGuid);
        _hellos = new(state.Cluster, request.Node, state.Store, told.Hash, new("", "", "", ""), HelloFactory.NewIncarnation());
        _door = new(request.Node, told);
    }

    /// <summary>Returns this node's identity once all nodes of --cluster have agreed (at once, when they did so before). Throws
    /// <see cref="BootstrapRefusedException"/> when they never can. Afterwards the port goes on telling slower nodes the outcome.</summary>
    public static async Task<NodeIdentity> RunAsync(BootstrapRequest request, ILogger log, CancellationToken cancel)
    {
        var told = ClusterAgreement.Of(request.Cluster, request.SplitKeys, request.ReplicationFactor, request.Backup);
        if (!request.Cluster.ContainsKey(request.Node))
        {
            throw new BootstrapRefusedException($"--cluster ({told.ClusterText}) does not name this node, {request.Node}: correct --id or --cluster.");
        }

        return NodeIdentityStore.Load(request.DataDirectory) is { } known
            ? RequireNode(known, request).StartedWith(told)
            : await new Bootstrapper(request, told, log).AgreeAsync(cancel);
    }

    private static NodeIdentity RequireNode(NodeIdentity known, BootstrapRequest request) =>
        known.Node == request.Node
            ? known
            : throw new BootstrapRefusedException(
                $"The data directory {request.DataDirectory} belongs to node {known.Node}, but this process was started as node {request.Node}: correct --id or --data.");

    private async Task<NodeIdentity> AgreeAsync(CancellationToken cancel)
    {
        using var polling = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _request.Listener.Route(ConnectionPurpose.Bootstrap, AnswerAsync);
        Advance();
        List<Task> polls =
        [
            .. _told.Members.Where(m => m.Node != _request.Node).Select(m => Task.Run(() => PollAsync(m.Node, m.Address, polling.Token))),
        ];
        try
        {
            await await Task.WhenAny([_done.Task, .. polls]);
            cancel.ThrowIfCancellationRequested();
        }
        catch (BootstrapRefusedException)
        {
            // The others poll this node: they are to learn the difference too, instead of waiting for a process that has ended.
            await Task.WhenAny(Task.Delay(Farewell, cancel));
            _request.Listener.Route(ConnectionPurpose.Bootstrap, null);
            throw;
        }
        catch
        {
            _request.Listener.Route(ConnectionPurpose.Bootstrap, null);
            throw;
        }
        finally
        {
            await polling.CancelAsync();
            await Task.WhenAll(polls.Select(poll => poll.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default)));
        }

        _log.LogInformation("This node, {Node}, belongs to cluster {Cluster}.", _request.Node.Value, _agreement.State.Cluster);
        return NodeIdentityStore.Load(_request.DataDirectory)
            ?? throw new BootstrapRefusedException($"{NodeIdentityStore.FileName} in {_request.DataDirectory} was changed by another process during the bootstrap.");
    }

    /// <summary>Asks one peer, again and again, until the bootstrap is over. Ends by cancellation or by what can't be reconciled.</summary>
    private async Task PollAsync(NodeId node, string address, CancellationToken stop)
    {
        var pause = PollInterval;
        while (true)
        {
            try
            {
                using var connection = await PeerDialer.DialAsync(
                    address, _hellos.For(node, ConnectionPurpose.Bootstrap), hello => _door.JudgeDialled(hello, node, address), _request.Transport, stop);
                var status = await BootstrapExchange.AskAsync(connection, Status(), _request.Transport, stop);
                Observe(status, connection.Remote.AgreementHash);
                pause = PollInterval;
            }
            catch (HandshakeRefusedException refused) when (refused.Refusal.Kind is not RefusalKind.NotReady)
            {
                throw new BootstrapRefusedException(refused.ByUs ? refused.Message : $"Node {node} at {address} refuses this node: {refused.Message}", refused);
            }
            catch (Exception fault) when (fault is IOException or SocketException or TimeoutException or ObjectDisposedException)
            {
                Lost(node);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }

            await Task.Delay(pause, stop);
        }
    }

    private async Task AnswerAsync(IncomingConnection connection)
    {
        using (connection)
        {
            var status = Status();
            if (_door.JudgeIncoming(connection.Hello, status.State.Phase) is { } refusal)
            {
                _log.LogWarning("A connection from {Address} was refused: {Reason}", connection.RemoteAddress, refusal.Reason);
                await Handshake.RefuseAsync(connection.Stream, refusal, first: true, connection.Deadline);
                return;
            }

            await Handshake.SendHelloAsync(connection.Stream, _hellos.For(connection.Hello.Node, ConnectionPurpose.Bootstrap), connection.Deadline);
            await BootstrapExchange.AnswerAsync(connection, status);
        }
    }

    private BootstrapStatus Status()
    {
        lock (_gate)
        {
            return new(_request.Node, _agreement.State, _told.ClusterText, _told.PlacementText);
        }
    }

    private void Observe(BootstrapStatus status, ReadOnlyMemory<byte> hash)
    {
        lock (_gate)
        {
            _agreement.Observe(status, hash.Span);
            _door.Met(status.Node, status.State.Store);
        }

        Advance();
    }

    private void Lost(NodeId node)
    {
        lock (_gate)
        {
            _agreement.Lost(node);
            _door.Lost(node);
        }

        Advance();
    }

    /// <summary>Takes every step that is possible now.</summary>
    private void Advance()
    {
        lock (_gate)
        {
            _agreement.Advance(Persist);
            if (_agreement.State.Phase == BootstrapPhase.Committed)
            {
                _done.TrySetResult();
            }
            else
            {
                TellProgress();
            }
        }
    }

    private void Persist(BootstrapState state)
    {
        try
        {
            NodeIdentityStore.Save(_request.DataDirectory, _request.Node, _told, state);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageFailedException($"{NodeIdentityStore.FileName} can't be written in {_request.DataDirectory}: {fault.Message}", fault);
        }

        _log.LogInformation("The bootstrap of node {Node} is {Phase} (cluster {Cluster}).", _request.Node.Value, state.Phase, state.Cluster);
    }

    private void TellProgress()
    {
        var missing = _agreement.Missing.ToList();
        var text = missing.Count == 0
            ? "all nodes are there; waiting for them to agree"
            : $"waiting for {(missing.Count == 1 ? "node" : "nodes")} {string.Join(", ", missing)} at {string.Join(", ", missing.Select(_told.AddressOf))}";
        var now = Environment.TickCount64;
        if (text != _waitingFor || now - _remindedAt >= RemindAfter.TotalMilliseconds)
        {
            (_waitingFor, _remindedAt) = (text, now);
            if (_request.Progress is { } progress)
            {
                progress(text);
            }
            else
            {
                _log.LogInformation("Bootstrap: {Progress}.", text);
            }
        }
    }
}
