using System.Diagnostics.CodeAnalysis;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Server.Metrics;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Tests.Storage.Binlog;
using RaftDb.Tests.Storage.Disk;

namespace RaftDb.Tests.Server.Replicas;

/// <summary>One node with one range, driven by the test's own thread: a log in memory, a real state machine, time that stands still until it is moved.</summary>
internal sealed class ReplicaHarness : IReplicaHost, INodeClock, IDisposable
{
    public static readonly NodeId Here = new(1);
    public static readonly RangeId Range = new(2);

    private readonly string _data = Directory.CreateTempSubdirectory("raftdb-replica-").FullName;
    private readonly Queue<ApplyPipeline> _applies = new();
    private readonly Queue<Replica> _woken = new();
    private readonly PassOutput _output = new();

    /// <summary>A replica with these voters, of which it is the first one; null: no replica.</summary>
    public ReplicaHarness(params ulong[] voters)
    {
        Store = new SqliteStateMachineStore(_data, new StateMachineOptions());
        Binlog = BinlogTestLog.Open(Disk);
        if (voters.Length > 0)
        {
            RangeDescriptor descriptor = Descriptor([.. voters.Select(v => new ReplicaDescriptor(new(v), new(v)))]);
            Create(descriptor, new(voters[0]), Configuration.OfVoters(voters.Select(v => new ReplicaId(v))));
        }
    }

    public MemoryDisk Disk { get; } = new();

    public NodeBinlog Binlog { get; private set; }

    public SqliteStateMachineStore Store { get; }

    public Replica? Replica { get; set; }

    public string Data => _data;

    public FakeTransport Network { get; } = new();

    public List<string> Halts { get; } = [];

    public List<string> Breaks { get; } = [];

    public List<string> Background { get; } = [];

    public Instant Now { get; private set; } = new(1_000_000_000);

    public int CheckpointEntries => 50_000;

    NodeId IReplicaHost.Node => Here;

    Durability IReplicaHost.Durability => Durability.Fsync;

    ITransport IReplicaHost.Transport => Network;

    IStateMachineStore IReplicaHost.Store => Store;

    NodeMetrics IReplicaHost.Metrics => Metrics;

    public NodeMetrics Metrics { get; } = new(Here);

    public static RangeDescriptor Descriptor(params ReplicaDescriptor[] replicas) => new()
    {
        Id = Range,
        Kind = RangeKind.KeyValue,
        Start = default,
        End = null,
        Generation = 1,
        Replicas = replicas,
    };

    [MemberNotNull(nameof(Replica))]
    public void Create(RangeDescriptor descriptor, ReplicaId id, Configuration configuration)
    {
        IStateMachine state = Store.Create(descriptor, configuration);
        Binlog.CreateReplica(Range, id, new RangeCheckpoint(LogPosition.Zero, configuration, descriptor, state.FileName));
        Replica = Over(state, id, configuration);
    }

    /// <summary>A replica over any state machine.</summary>
    public Replica Over(IStateMachine state, ReplicaId id, Configuration configuration, ulong seed = 7) =>
        new(this, Range, new RaftOptions(), new RaftStart { Replica = id, Configuration = configuration }, new StateHandle(state), seed);

    /// <summary>Lets a range of one voter elect itself.</summary>
    public void Lead()
    {
        Pass(TimeSpan.FromSeconds(3));
        Assert.That(Replica!.Leadership.IsLeader, "it elected itself");
    }

    /// <summary>Time passes, and everything that waits is done.</summary>
    public void Pass(TimeSpan time = default)
    {
        Now += time;
        for (int i = 0; i < 100; i++)
        {
            if (Replica is { } replica && (i == 0 || _woken.Count > 0 || replica.NextDeadline <= Now))
            {
                // Once for all wakes, as the loop does it: who is not woken waits.
                _woken.Clear();
                replica.Process(_output);
                _output.Flush(Binlog, Network);
            }

            bool any = Binlog.Drive();
            while (_applies.TryDequeue(out ApplyPipeline? pipeline))
            {
                pipeline.Run();
                any = true;
            }

            if (!any && _woken.Count == 0)
            {
                return;
            }
        }

        Assert.Fail("it never comes to rest");
    }

    /// <summary>Proposes, and lets it be committed and applied.</summary>
    public ProposalResult Propose(ReadOnlyMemory<byte> command)
    {
        Task<ProposalResult> result = Replica!.ProposeAsync(command, AckMode.Quorum, Now + TimeSpan.FromSeconds(10));
        Pass();
        Assert.That(result.IsCompleted, "it was applied");
        return result.Result;
    }

    public HybridTimestamp LogTime() => HybridTimestamp.Of(Now.Nanoseconds / 1_000_000, 0);

    public void Wake(Replica replica) => _woken.Enqueue(replica);

    public void ScheduleApply(ApplyPipeline pipeline) => _applies.Enqueue(pipeline);

    public void RunInBackground(string what, Func<CancellationToken, Task> work)
    {
        Background.Add(what);
        Task task = work(CancellationToken.None);
        if (task.IsFaulted)
        {
            throw task.Exception;
        }
    }

    public void Fail(Exception cause) => throw new InvalidOperationException("the node failed", cause);

    public void ReplicaHalted(Replica replica, string reason)
    {
        Halts.Add(reason);
        replica.Halt(reason);
    }

    public void ApplyBroke(Replica replica, LogIndex first, LogIndex last, InvariantBrokenException cause) => Breaks.Add($"{first} to {last}: {cause.Message}");

    public void Dispose()
    {
        Replica?.State.Retire(() => { });
        Binlog.Dispose();
        Metrics.Dispose();
        Directory.Delete(_data, recursive: true);
    }
}
