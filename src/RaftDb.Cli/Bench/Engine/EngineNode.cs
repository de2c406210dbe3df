using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using RaftDb.Raft.Membership;
using RaftDb.Server.Bootstrap;
using RaftDb.Server.Hosting;
using RaftDb.Server.Metrics;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;

namespace RaftDb.Cli.Bench.Engine;

/// <summary>What a node has below its interfaces: the real log, network, threads and consensus, with default options, and one range whose state machine only counts.</summary>
internal sealed class EngineNode : IAsyncDisposable
{
    private static readonly RangeId Range = new(2);

    private readonly PeerListener _listener;
    private readonly NodeBinlog _binlog;
    private readonly PeerTransport _transport;
    private readonly ReplicaScheduler _scheduler;
    private readonly NodeMetrics _metrics;
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private EngineNode(EngineNodeArguments arguments, PeerListener listener, NodeOptions options, ILogger log)
    {
        NodeId own = new(arguments.Id);
        NodeIdentity identity = IdentityOf(arguments);
        _listener = listener;
        _metrics = new NodeMetrics(own);
        _binlog = NodeBinlog.Open(new TimedDisk(new PosixDisk(arguments.Data), _metrics), "binlog", new(identity.Cluster, own, identity.Store), options.Binlog);
        _ = _binlog.Failed.ContinueWith(failed => _failed.TrySetResult(failed.Result), TaskScheduler.Default);
        HybridClock logClock = new();
        _transport = new PeerTransport(options.Transport, identity, new("", "", "", ""), listener, logClock, log, _metrics.Meter);
        int threads = Math.Clamp(Environment.ProcessorCount / 2, 1, 4);
        _scheduler = new ReplicaScheduler(threads, threads, Clock, _binlog, _transport, log, Fail);
        CountingStore store = new();
        NodeReplicaHost host = new(
            own, Clock, logClock, _binlog, options.Binlog.Durability, options.Node.CheckpointEntries, options.Session.IdleTimeout, _transport, store, _scheduler, _metrics, new HaltMarks(arguments.Data), log, Fail);
        RangeDescriptor range = new()
        {
            Id = Range,
            Kind = RangeKind.KeyValue,
            Start = default,
            End = null,
            Generation = 1,
            Replicas = [.. identity.Members.Select(member => new ReplicaDescriptor(new(member.Node.Value), member.Node))],
            FailoverMode = options.Raft.FailoverMode,
        };
        RecoveredReplica empty = BlankReplicas.CreateEmpty(_binlog, store, range, new(arguments.Id), Configuration.OfVoters(range.Replicas.Select(one => one.Replica)));
        Replica = new ReplicaOpener(options.Raft, store, host, () => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8))).Open(empty);
        LocalReplicas replicas = new();
        replicas.Add(Replica);
        _scheduler.Start();
        _scheduler.Wake(Replica);
        _transport.Start(new EnginePeers(new ReplicaEvents(replicas, (_, _, _) => { }, store, log)));
    }

    public Replica Replica { get; }

    public CountingMachine Machine => (CountingMachine)Replica.State.Machine;

    public NodeClock Clock { get; } = new();

    /// <summary>Completes with the cause when the node can't go on.</summary>
    public Task<Exception> Failed => _failed.Task;

    public static async Task<EngineNode> StartAsync(EngineNodeArguments arguments, ILogger log, CancellationToken cancel)
    {
        NodeOptions options = new();
        PeerListener listener = await PeerListener.BindAsync(arguments.Peers[(int)arguments.Id - 1], options.Transport, log, cancel);
        try
        {
            return new(arguments, listener, options, log);
        }
        catch
        {
            await listener.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _scheduler.Dispose();
        await _transport.DisposeAsync();
        await _listener.DisposeAsync();
        Replica.State.Retire(() => { });
        _binlog.Dispose();
        _metrics.Dispose();
    }

    /// <summary>What a bootstrap would have agreed on; here everybody can work it out alone.</summary>
    private static NodeIdentity IdentityOf(EngineNodeArguments arguments)
    {
        List<ClusterMember> members = [.. arguments.Peers.Select((address, i) => new ClusterMember(new((ulong)i + 1), address, new Guid(i + 1, 0, 0, new byte[8])))];
        return new()
        {
            Cluster = arguments.Cluster,
            Node = new(arguments.Id),
            Store = members[(int)arguments.Id - 1].Store,
            Members = members,
            SplitKeys = [],
            ReplicationFactor = members.Count,
            AgreementHash = new byte[32],
        };
    }

    private void Fail(Exception cause) => _failed.TrySetResult(cause);
}
