using System.Diagnostics.Metrics;
using RaftDb.Server.Metrics;

namespace RaftDb.Tests.Server.Metrics;

/// <summary>Instruments of a meter as Prometheus text.</summary>
internal sealed class PrometheusExporterTests
{
    private Meter _meter = null!;
    private PrometheusExporter _exporter = null!;

    [SetUp]
    public void Create()
    {
        _meter = new("RaftDb");
        _exporter = new(_meter);
    }

    [TearDown]
    public void Close()
    {
        _exporter.Dispose();
        _meter.Dispose();
    }

    [Test]
    public void All_kinds_of_instruments_render_to_this_text()
    {
        Counter<long> counter = _meter.CreateCounter<long>("requests", null, "Requests, by kind.\nAnd code: \\.");
        UpDownCounter<int> upDown = _meter.CreateUpDownCounter<int>("in.flight", null, "Under way.");
        Histogram<double> histogram = _meter.CreateHistogram(
            "fsync", "s", "Syncs.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.01] });
        Counter<long> bytes = _meter.CreateCounter<long>("written", "By", "Bytes.");
        _meter.CreateObservableGauge("term", () => new Measurement<long>(7, new KeyValuePair<string, object?>("range", 2)), null, "Terms.");
        _meter.CreateCounter<long>("never");
        counter.Add(1, new("kind", "get"), new KeyValuePair<string, object?>("code", "ok"));
        counter.Add(2, new("kind", "get"), new KeyValuePair<string, object?>("code", "ok"));
        counter.Add(1, new("kind", "a\"b\\c\nd"), new KeyValuePair<string, object?>("code", null));
        upDown.Add(5);
        upDown.Add(-2);
        bytes.Add(1L << 40);
        histogram.Record(0.0005);
        histogram.Record(0.001);
        histogram.Record(0.002);
        histogram.Record(3);
        Assert.That(_exporter.Render(), Is.EqualTo("""
            # HELP raftdb_fsync_seconds Syncs.
            # TYPE raftdb_fsync_seconds histogram
            raftdb_fsync_seconds_bucket{le="0.001"} 2
            raftdb_fsync_seconds_bucket{le="0.01"} 3
            raftdb_fsync_seconds_bucket{le="+Inf"} 4
            raftdb_fsync_seconds_sum 3.0035
            raftdb_fsync_seconds_count 4
            # HELP raftdb_in_flight Under way.
            # TYPE raftdb_in_flight gauge
            raftdb_in_flight 3
            # HELP raftdb_requests_total Requests, by kind.\nAnd code: \\.
            # TYPE raftdb_requests_total counter
            raftdb_requests_total{kind="a\"b\\c\nd",code=""} 1
            raftdb_requests_total{kind="get",code="ok"} 3
            # HELP raftdb_term Terms.
            # TYPE raftdb_term gauge
            raftdb_term{range="2"} 7
            # HELP raftdb_written_bytes_total Bytes.
            # TYPE raftdb_written_bytes_total counter
            raftdb_written_bytes_total 1099511627776

            """));
    }

    [Test]
    public void A_series_that_is_no_longer_observed_is_gone()
    {
        Dictionary<string, long> ranges = new() { ["2"] = 1, ["3"] = 2 };
        _meter.CreateObservableGauge(
            "term", () => ranges.Select(pair => new Measurement<long>(pair.Value, new KeyValuePair<string, object?>("range", pair.Key))), null, "Terms.");
        Assert.That(_exporter.Render(), Does.Contain("raftdb_term{range=\"3\"} 2\n"));
        ranges.Remove("3");
        ranges["2"] = 9;
        Assert.That(_exporter.Render(), Does.Contain("raftdb_term{range=\"2\"} 9\n").And.Not.Contains("range=\"3\""));
        ranges["3"] = 4;
        Assert.That(_exporter.Render(), Does.Contain("raftdb_term{range=\"3\"} 4\n"));
    }

    [Test]
    public void Two_nodes_in_one_process_show_their_own()
    {
        using NodeMetrics one = new(new(1));
        using NodeMetrics two = new(new(2));
        one.ElectionStarted();
        one.ElectionStarted();
        two.ElectionStarted();
        Assert.That(one.Render(), Does.Contain("raftdb_elections_started_total 2\n"));
        Assert.That(two.Render(), Does.Contain("raftdb_elections_started_total 1\n"));
    }

    [Test]
    public void Nothing_is_lost_when_many_threads_count()
    {
        using NodeMetrics metrics = new(new(1));
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                metrics.Request("get", "ok", TimeSpan.FromMilliseconds(1));
            }
        });
        Assert.That(metrics.Render(), Does.Contain("raftdb_requests_total{kind=\"get\",code=\"ok\"} 20000\n")
            .And.Contains("raftdb_request_duration_seconds_bucket{kind=\"get\",le=\"0.001\"} 20000\n")
            .And.Contains("raftdb_request_duration_seconds_count{kind=\"get\"} 20000\n"));
    }

    [Test]
    public void Counting_into_a_known_series_allocates_nothing()
    {
        using NodeMetrics metrics = new(new(1));
        for (int i = 0; i < 100; i++)
        {
            metrics.Request("get", "ok", TimeSpan.FromMilliseconds(1));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            metrics.Request("get", "ok", TimeSpan.FromMilliseconds(1));
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000));
    }

    [Test]
    public void Too_many_series_are_counted_together()
    {
        Counter<long> counter = _meter.CreateCounter<long>("c", null, "C.");
        for (int i = 0; i < InstrumentSeries.MaxSeries + 5; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("i", i));
        }

        Assert.That(_exporter.Render(), Does.Contain("\nraftdb_c_total 5\n"));
    }

    [Test]
    public void A_node_has_instruments_for_what_operators_watch()
    {
        using NodeMetrics metrics = new(new(1));
        metrics.ElectionWon();
        metrics.Committed(3);
        metrics.Applied(2);
        metrics.BinlogSynced(TimeSpan.FromMilliseconds(2));
        metrics.ProposalDropped("no_leader");
        metrics.ObserveTerms(() => [(new(2), 7)]);
        metrics.ObserveLag(() => [(new(2), new(3), 40)]);
        metrics.ObserveQueues(() => [("inbox", 4)]);
        metrics.ObserveGauge("connections", "Open connections.", () => 6);
        string[] lines = metrics.Render().Split('\n');
        Assert.That(lines, Is.SupersetOf(new[]
        {
            "raftdb_elections_won_total 1",
            "raftdb_entries_committed_total 3",
            "raftdb_entries_applied_total 2",
            "raftdb_binlog_fsync_seconds_bucket{le=\"0.0025\"} 1",
            "raftdb_proposals_dropped_total{reason=\"no_leader\"} 1",
            "raftdb_term{range=\"2\"} 7",
            "raftdb_follower_lag{range=\"2\",follower=\"3\"} 40",
            "raftdb_queue_depth{queue=\"inbox\"} 4",
            "raftdb_connections 6",
        }));
    }
}
