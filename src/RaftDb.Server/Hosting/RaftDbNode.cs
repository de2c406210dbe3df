using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RaftDb.Client.Protocol;
using RaftDb.Server.Api;
using RaftDb.Server.Api.Resp;
using RaftDb.Server.Bootstrap;
using RaftDb.Server.Ids;
using RaftDb.Server.Metrics;
using RaftDb.Server.Options;
using RaftDb.Server.Placement;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Server.Ranges.Watches;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Hosting;

/// <summary>One whole node: puts the parts together, starts them from the disk upwards, and stops them from the clients downwards.</summary>
internal sealed class RaftDbNode : IAsyncDisposable
{
    private const string RespOption = "Node:Resp (--resp)";
    private static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(200);

    private readonly NodeOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _log;
    private readonly NodeClock _clock = new();
    private readonly LocalReplicas _replicas = new();
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Readiness _readiness;
    private readonly NodeMetrics _metrics;
    private DirectoryLock? _lock;
    private PeerListener? _listener;
    private NodeBinlog? _binlog;
    private SqliteStateMachineStore? _store;
    private PeerTransport? _transport;
    private ReplicaScheduler? _scheduler;
    private WebApplication? _web;
    private LeadershipHandover? _handover;
    private Task _catchUp = Task.CompletedTask;

    private RaftDbNode(NodeOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _loggers = loggers;
        _log = loggers.CreateLogger($"node {options.Node.Id}");
        _readiness = new Readiness(_replicas, _clock);
        _metrics = new NodeMetrics(new NodeId(options.Node.Id));
    }

    /// <summary>Completes with the cause when the node can't go on; it must then be disposed, and its process should end.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Completes when every replica has caught up.</summary>
    public Task CaughtUp => _catchUp;

    /// <summary>Where HTTP is served.</summary>
    public string HttpAddress { get; private set; } = "";

    /// <summary>Null when the node is ready; else why not.</summary>
    public string? WhyNotReady => _readiness.WhyNot;

    /// <summary>Starts a node: takes its data directory, finds or founds its cluster, recovers, and serves. Throws <see cref="StorageRefusedException"/>,
    /// <see cref="StorageFailedException"/>, <see cref="OptionsException"/>, <see cref="BootstrapRefusedException"/> or <see cref="IOException"/> with a message for people.</summary>
    public static async Task<RaftDbNode> StartAsync(NodeOptions options, ILoggerFactory loggers, CancellationToken cancel)
    {
        RaftDbNode node = new(options.Validate(), loggers);
        try
        {
            await node.StartAsync(cancel);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops in an order that clients hardly notice: says that it is not ready, hands leadership over, finishes requests, closes.</summary>
    public async Task StopAsync()
    {
        _readiness.Stopping();
        if (_handover is not null && !_failed.Task.IsCompleted)
        {
            // Who comes anew goes to another node at once. Answers say "Connection: close": clients that are connected get a moment to move on before theirs are closed.
            await _web!.Services.GetRequiredService<ClientListeners>().StopListeningAsync();
            await _handover.RunAsync(TimeSpan.FromSeconds(_options.Node.StopSeconds));
            await Task.Delay(DrainTime);
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(_options.Node.StopSeconds));
            await _web.StopAsync(patience.Token);
        }

        await DisposeAsync();
    }

    /// <summary>Closes everything. Without <see cref="StopAsync"/> before it, clients notice.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_web is not null)
        {
            await _web.DisposeAsync();
            _web = null;
        }

        try
        {
            await _catchUp;
        }
        catch (OperationCanceledException)
        {
            // Stopped before it had caught up.
        }

        // The replicas stop before the network does: what they still say gets out, and nothing more is acknowledged.
        _scheduler?.Dispose();
        if (_transport is not null)
        {
            await _transport.DisposeAsync();
            _transport = null;
        }

        if (_listener is not null)
        {
            await _listener.DisposeAsync();
            _listener = null;
        }

        foreach (Replica replica in _replicas.All)
        {
            replica.Marks.Stop();
            if (replica.Halted is null && _binlog is { } binlog && !binlog.Failed.IsCompleted)
            {
                replica.Checkpoints.Run();
            }

            replica.State.Retire(() => { });
        }

        _binlog?.Dispose();
        _binlog = null;
        _lock?.Dispose();
        _lock = null;
        _metrics.Dispose();
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        // 0. Beside everything else: what serving needs is compiled before this start gets there.
        Task served = ApiRehearsal.RunAsync();

        // 1. Take the data directory, and find out early about ports that are in use.
        NodeSection own = _options.Node;
        try
        {
            Directory.CreateDirectory(own.Data);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new StorageRefusedException($"The data directory {own.Data} can't be made: {e.Message}", e);
        }

        _lock = DirectoryLock.Take(own.Data);
        IPEndPoint http = await ResolveAsync(own.Http, "Node:Http (--http)", cancel);
        ProbePort(http, own.Http, "Node:Http (--http)");
        IPEndPoint? resp = own.Resp is null ? null : await ResolveAsync(own.Resp, RespOption, cancel);
        if (resp is not null)
        {
            ProbePort(resp, own.Resp!, RespOption);
        }

        try
        {
            _listener = await PeerListener.BindAsync(own.Peer, _options.Transport, _log, cancel);
        }
        catch (SocketException e)
        {
            throw PortRefused("Node:Peer (--peer)", own.Peer, e);
        }

        // 2. Who am I: from the disk, or by founding the cluster together with all others.
        _store = new SqliteStateMachineStore(own.Data, _options.StateMachine);
        LocalNodeFacts facts = new(own.AdvertiseHttp ?? own.Http, own.AdvertiseResp ?? own.Resp ?? "", own.Zone ?? "", _store.SqliteVersion);
        BackupFile? backup = RestoredBackup(own);
        NodeIdentity identity = await IdentityAsync(backup, cancel);
        _log.LogInformation("This is node {Node} of cluster {Cluster}", identity.Node, identity.Cluster);

        // 3. Recover: the log first, then what it knows of.
        TimedDisk disk = new(new PosixDisk(own.Data), _metrics);
        _binlog = NodeBinlog.Open(disk, "binlog", new BinlogIdentity(identity.Cluster, identity.Node, identity.Store), _options.Binlog);
        _ = _binlog.Failed.ContinueWith(failed => Fail(failed.Result), TaskScheduler.Default);
        HybridClock logClock = new(() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), _options.Clock);
        _transport = new PeerTransport(_options.Transport, identity, facts, _listener, logClock, _log, _metrics.Meter);
        int threads = Math.Clamp(Environment.ProcessorCount / 2, 1, 4);
        _scheduler = new ReplicaScheduler(
            own.Loops > 0 ? own.Loops : threads, own.Appliers > 0 ? own.Appliers : threads, _clock, _binlog, _transport, _log, Fail);
        HaltMarks marks = new(own.Data);
        NodeReplicaHost host = new(
            identity.Node, _clock, logClock, _binlog, _options.Binlog.Durability, own.CheckpointEntries, _options.Session.IdleTimeout, _transport, _store, _scheduler, _metrics, marks, _log, Fail);
        IReadOnlyList<RangeDescriptor> ranges = InitialPlacement.Ranges(
            [.. identity.Members.Select(m => m.Node)], identity.SplitKeys, identity.ReplicationFactor, _options.Raft.FailoverMode);
        TroubleBook troubles = new(identity.Node, _replicas, _clock);
        ReplicaStore replicaStore = new(_options, _binlog, _store, host, marks, ranges, _log);
        replicaStore.OpenAll(replicaStore.CreateInitial(ranges, backup), _replicas, troubles);

        foreach (Replica replica in _replicas.All)
        {
            // Log time never goes back, whatever the machine's clock does between two starts.
            logClock.Restore(replica.State.Machine.Time);
        }

        // 4. Take part: timers, then the network, which brings the first messages.
        // A range's own state is the truth; for ranges without a replica here, what was agreed on at the first start.
        RangeMap map = new(ranges.Select(r => _replicas.FindServing(r.Id)?.State.Machine.Descriptor ?? r));
        RequestRouter router = new(identity.Node, map, _replicas, _transport, _clock, logClock.Now, _options.Limits, TimeProvider.System) { ChangesKept = _options.Watch.Retention };
        RangeStatusBuilder status = new(identity.Node, map, _replicas, _transport, troubles);
        SettledDescriptors settled = new();
        ReplicaKeeper keeper = new(replicaStore.CreateBlank, _binlog, _store, range => marks.Clear(range), _replicas, troubles, host, _log);
        TroubleExchange exchange = new(_replicas, troubles, settled, _transport, _clock, keeper.Remove);
        RangeRepair repair = new(identity.Node, _replicas, troubles, settled, _transport, ranges, identity.ReplicationFactor, _log);
        _scheduler.Start();
        foreach (Replica replica in _replicas.All)
        {
            _scheduler.Wake(replica);
        }

        if (_replicas.All.FirstOrDefault(r => r.State.Machine.Configuration.Voters.Count > 1) is { } any)
        {
            await RequestRehearsal.RunAsync(identity.Node, router, any, _clock);
        }

        SliceService slices = new(_replicas, host);
        RangeChecker checker = new(identity.Node, troubles, slices, host, keeper.QuarantineAsync, _log);
        ClusterCheck check = new(identity.Node, map, _replicas, checker, _transport, status, TimeProvider.System);
        ReplicaMoves moves = new(identity.Node, map, _replicas, host, status, repair, TimeProvider.System, _log);
        _transport.Start(new PeerEvents(new ReplicaEvents(_replicas, keeper.Begin, _store, _log), router, status, exchange, keeper, slices, check, moves));
        _scheduler.RunInBackground("comparing replicas all the time", new BackgroundCheck(_replicas, checker, _options.Check, TimeProvider.System, _log).RunAsync);
        _scheduler.RunInBackground("looking after replicas", new Caretaker(exchange, repair, TimeProvider.System).RunAsync);

        await served;

        // 5. Serve clients; requests wait for leaders where there are none yet.
        NodeView view = new(identity.Cluster, _options, map, _replicas, _transport, status, _readiness, check, moves, _store, _store.SqliteVersion);
        _handover = new LeadershipHandover(_replicas, identity.Node, _clock, _log);
        MetricsWiring.Attach(_metrics, _replicas, troubles, _binlog);
        await ServeAsync(http, resp, disk, router, new RangeWatches(identity.Node, map, _replicas, router), view, cancel);
        _catchUp = _readiness.CatchUpAsync(_stopping.Token);

        // 6. What the first failover needs is compiled before it comes.
        _ = Rehearsal.RunAsync().ContinueWith(failed => Fail(failed.Exception!.InnerException!), cancel, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>The backup that `raftdb restore` laid into the data directory, until the replicas are made from it.</summary>
    private static BackupFile? RestoredBackup(NodeSection own)
    {
        string path = Path.Combine(own.Data, BackupFormat.RestoredName);
        return File.Exists(path) ? BackupFile.Open(path) : null;
    }

    private async Task<NodeIdentity> IdentityAsync(BackupFile? backup, CancellationToken cancel)
    {
        NodeSection own = _options.Node;
        BootstrapRequest request = new(
            own.Data,
            new NodeId(own.Id),
            _options.ClusterMap(),
            SplitKeys(backup),
            own.ReplicationFactor,
            _listener!,
            _options.Transport,
            text => _log.LogInformation("{Progress}", text),
            backup?.Sha256);
        return await Bootstrapper.RunAsync(request, _log, cancel);
    }

    /// <summary>Where the key space is cut: as told; without word, as the backup or (after the first start) the identity has it.</summary>
    private IReadOnlyList<ReadOnlyMemory<byte>> SplitKeys(BackupFile? backup)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> told = [.. _options.SplitKeyTexts().Select(k => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(k))];
        if (told.Count == 0)
        {
            return backup?.SplitKeys ?? NodeIdentityStore.Load(_options.Node.Data)?.SplitKeys ?? told;
        }

        if (backup is not null && !told.Select(k => Convert.ToHexString(k.Span)).SequenceEqual(backup.SplitKeys.Select(k => Convert.ToHexString(k.Span))))
        {
            throw new OptionsException("Option Node:SplitKeys (--split-keys) differs from where the restored backup's ranges are cut. Leave it out.");
        }

        return told;
    }

    private async Task ServeAsync(
        IPEndPoint http, IPEndPoint? resp, IDisk disk, RequestRouter router, RangeWatches watches, NodeView view, CancellationToken cancel)
    {
        ApiOptions api = new() { MaxKeyBytes = _options.Limits.MaxKeyBytes, MaxValueBytes = _options.Limits.MaxValueBytes, MaxOperations = _options.Limits.MaxOperations };
        WebApplicationBuilder builder = WebServer.CreateBuilder(api, _loggers);
        builder.Services.AddSingleton<ClientListeners>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => services.GetRequiredService<ClientListeners>());
        UniqueIds ids = new(new NodeId(_options.Node.Id), new IdMark(disk), TimeProvider.System);
        RespFacts facts = new(NodeView.Version, _options.Node.Id, resp?.Port ?? 0, () => _replicas.All.Sum(r => r.State.Machine.Descriptor.Kind == RangeKind.KeyValue ? r.State.Machine.Size.Keys : 0));
        builder.Services.AddSingleton(new RespServices(_options.Resp, _options.Limits, router, view, ids, new RespMetrics(_metrics.Meter), facts, Fail));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(http);
            if (resp is not null)
            {
                kestrel.Listen(resp, listen => listen.UseConnectionHandler<RespConnectionHandler>());
            }
        });
        _web = builder.Build();
        _web.Use(next => context =>
        {
            if (_readiness.IsStopping)
            {
                context.Response.Headers.Connection = "close";
            }

            return next(context);
        });
        HttpApi.Map(_web, new ApiServices(api, router, view, _metrics, Fail) { Watches = watches, Ids = ids });
        try
        {
            await _web.StartAsync(cancel);
        }
        catch (IOException e)
        {
            throw new OptionsException($"{e.Message} Options Node:Http (--http) and {RespOption} say where to listen. Is another process using the port?");
        }

        HttpAddress = _web.Urls.FirstOrDefault() ?? $"http://{http}";
        _log.LogInformation("Serving HTTP on {Address}", HttpAddress);
        if (resp is not null)
        {
            _log.LogInformation("Serving RESP on {Address}", resp);
        }
    }

    private void Fail(Exception cause)
    {
        if (_failed.TrySetResult(cause))
        {
            _log.LogCritical(cause, "The node can't go on and stops: {Message}", cause.Message);
        }
    }

    private static async Task<IPEndPoint> ResolveAsync(string address, string option, CancellationToken cancel)
    {
        (string host, int port) = NodeOptions.EndPointOf(address, option);
        if (IPAddress.TryParse(host, out IPAddress? ip))
        {
            return new IPEndPoint(ip, port);
        }

        try
        {
            return new IPEndPoint((await Dns.GetHostAddressesAsync(host, cancel))[0], port);
        }
        catch (SocketException e)
        {
            throw new OptionsException($"Option {option}: the host of '{address}' is not known: {e.Message}");
        }
    }

    private static void ProbePort(IPEndPoint endPoint, string address, string option)
    {
        using Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
        }
        catch (SocketException e)
        {
            throw PortRefused(option, address, e);
        }
    }

    private static OptionsException PortRefused(string option, string address, Exception e) =>
        new($"Option {option}: can't listen on {address}: {e.Message}. Is another process using the port?");
}
