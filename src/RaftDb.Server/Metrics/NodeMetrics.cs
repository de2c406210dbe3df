using System.Diagnostics.Metrics;
using RaftDb.Storage;

namespace RaftDb.Server.Metrics;

/// <summary>The instruments of one node. Each node has a meter of its own, so that several nodes in one process don't count into each other.
/// Any thread; recording takes no lock.</summary>
internal sealed class NodeMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "RaftDb";

    private static readonly double[] LatencyBuckets =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly PrometheusExporter _exporter;
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _requestDuration;
    private readonly Counter<long> _electionsStarted;
    private readonly Counter<long> _electionsWon;
    private readonly Counter<long> _committed;
    private readonly Counter<long> _applied;
    private readonly Counter<long> _proposalsDropped;
    private readonly Counter<long> _proposalsAccepted;
    private readonly Counter<long> _snapshotsSent;
    private readonly Counter<long> _snapshotsReceived;
    private readonly Histogram<double> _fsyncDuration;

    /// <summary>Creates the node's meter and begins to listen to it.</summary>
    public NodeMetrics(NodeId node)
    {
        Meter = new(new MeterOptions(MeterName) { Tags = [new("node", node.Value.ToString())] });
        _exporter = new(Meter);
        _requests = Meter.CreateCounter<long>("requests", null, "Requests answered, by kind and code.");
        _requestDuration = Latency("request.duration", "How long requests took.");
        _electionsStarted = Meter.CreateCounter<long>("elections.started", null, "Elections that this node's replicas began.");
        _electionsWon = Meter.CreateCounter<long>("elections.won", null, "Elections that this node's replicas won.");
        _committed = Meter.CreateCounter<long>("entries.committed", null, "Log entries that this node learned to be committed.");
        _applied = Meter.CreateCounter<long>("entries.applied", null, "Log entries applied to this node's state machines.");
        _proposalsDropped = Meter.CreateCounter<long>("proposals.dropped", null, "Proposals refused or given up, by reason.");
        _proposalsAccepted = Meter.CreateCounter<long>("proposals.accepted", null, "Proposals appended to a log that this node leads.");
        _snapshotsSent = Meter.CreateCounter<long>("snapshots.sent", null, "Snapshots that followers have received from this node.");
        _snapshotsReceived = Meter.CreateCounter<long>("snapshots.received", null, "Snapshots installed on this node.");
        _fsyncDuration = Latency("binlog.fsync", "How long syncs of the binlog took.");
    }

    /// <summary>The node's meter: further instruments made from it are exported too.</summary>
    public Meter Meter { get; }

    /// <summary>Counts a request.</summary>
    /// <param name="kind">What was asked: get, put, …</param>
    /// <param name="code">"ok", an error code, or "canceled".</param>
    /// <param name="duration">How long it took.</param>
    public void Request(string kind, string code, TimeSpan duration)
    {
        _requests.Add(1, new("kind", kind), new KeyValuePair<string, object?>("code", code));
        _requestDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("kind", kind));
    }

    /// <summary>A replica began to campaign.</summary>
    public void ElectionStarted() => _electionsStarted.Add(1);

    /// <summary>A replica became leader.</summary>
    public void ElectionWon() => _electionsWon.Add(1);

    /// <summary>The commit index moved on.</summary>
    public void Committed(long entries) => _committed.Add(entries);

    /// <summary>Entries were applied.</summary>
    public void Applied(long entries) => _applied.Add(entries);

    /// <summary>The binlog was synced.</summary>
    public void BinlogSynced(TimeSpan duration) => _fsyncDuration.Record(duration.TotalSeconds);

    /// <summary>Proposals were appended.</summary>
    public void ProposalsAccepted(int count) => _proposalsAccepted.Add(count);

    /// <summary>A follower has a snapshot from here.</summary>
    public void SnapshotSent() => _snapshotsSent.Add(1);

    /// <summary>A snapshot was installed here.</summary>
    public void SnapshotReceived() => _snapshotsReceived.Add(1);

    /// <summary>A proposal was refused or given up.</summary>
    /// <param name="reason">Why, in snake_case; few different ones.</param>
    public void ProposalDropped(string reason) => _proposalsDropped.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Shows the term of each range.</summary>
    public void ObserveTerms(Func<IEnumerable<(RangeId Range, ulong Term)>> terms) =>
        Meter.CreateObservableGauge(
            "term", () => terms().Select(item => new Measurement<long>((long)item.Term, Tag("range", item.Range.Value))), null, "The term of each range, as this node knows it.");

    /// <summary>Shows how many entries each follower lags behind, for the ranges that this node leads.</summary>
    public void ObserveLag(Func<IEnumerable<(RangeId Range, NodeId Follower, ulong Entries)>> lag) =>
        Meter.CreateObservableGauge(
            "follower.lag",
            () => lag().Select(item => new Measurement<long>((long)item.Entries, Tag("range", item.Range.Value), Tag("follower", item.Follower.Value))),
            null,
            "Entries that a follower lacks, for the ranges that this node leads.");

    /// <summary>Shows how many items wait in each queue.</summary>
    public void ObserveQueues(Func<IEnumerable<(string Queue, long Depth)>> queues) =>
        Meter.CreateObservableGauge(
            "queue.depth",
            () => queues().Select(item => new Measurement<long>(item.Depth, new KeyValuePair<string, object?>("queue", item.Queue))),
            null,
            "Items that wait, by queue.");

    /// <summary>Shows a single number.</summary>
    public void ObserveGauge(string name, string description, Func<long> read) => Meter.CreateObservableGauge(name, read, null, description);

    /// <summary>All instruments as Prometheus text.</summary>
    public string Render() => _exporter.Render();

    /// <inheritdoc/>
    public void Dispose()
    {
        _exporter.Dispose();
        Meter.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(string name, ulong number) => new(name, number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private Histogram<double> Latency(string name, string description) =>
        Meter.CreateHistogram(name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencyBuckets });
}
