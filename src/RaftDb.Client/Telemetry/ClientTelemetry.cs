using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RaftDb.Client.Telemetry;

/// <summary>
/// What clients tell of themselves, named by OpenTelemetry's conventions for databases. Costs next to nothing while nobody listens to the source and the meter "RaftDb.Client".
/// </summary>
internal static class ClientTelemetry
{
    /// <summary>The name of the source and of the meter.</summary>
    public const string Name = "RaftDb.Client";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "db.client.operation.duration",
        "s",
        "How long calls took, their retries included.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] });

    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("raftdb.client.operation.retries", "{retry}", "Attempts after the first.");
    private static readonly Counter<long> Redirects = Meter.CreateCounter<long>("raftdb.client.redirects", "{redirect}", "Writes that the node asked sent on to the leader.");
    private static readonly UpDownCounter<long> InFlight = Meter.CreateUpDownCounter<long>("raftdb.client.operations.in_flight", "{operation}", "Calls under way.");

    /// <summary>A call begins.</summary>
    public static CallScope Begin(string operation)
    {
        Activity? activity = Source.HasListeners() ? Source.StartActivity(operation, ActivityKind.Client) : null;
        activity?.SetTag("db.system.name", "raftdb");
        activity?.SetTag("db.operation.name", operation);
        bool measures = Duration.Enabled || InFlight.Enabled;
        if (measures)
        {
            InFlight.Add(1, new KeyValuePair<string, object?>("db.operation.name", operation));
        }

        return new(operation, activity, measures ? Stopwatch.GetTimestamp() : 0);
    }

    /// <summary>An attempt after the first begins.</summary>
    public static void Retried(string operation)
    {
        if (Retries.Enabled)
        {
            Retries.Add(1, new KeyValuePair<string, object?>("db.operation.name", operation));
        }

        Activity.Current?.AddEvent(new ActivityEvent("retry"));
    }

    /// <summary>A write went to a node that does not lead.</summary>
    public static void Redirected(string operation)
    {
        if (Redirects.Enabled)
        {
            Redirects.Add(1, new KeyValuePair<string, object?>("db.operation.name", operation));
        }
    }

    /// <summary>A call under way.</summary>
    public readonly struct CallScope(string operation, Activity? activity, long started)
    {
        /// <summary>It has ended well.</summary>
        public void Done() => End(null);

        /// <summary>It has ended with an error.</summary>
        public void Failed(Exception failure)
        {
            string code = failure is RaftDbException known ? known.Code : failure.GetType().Name;
            activity?.SetTag("error.type", code);
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            End(code);
        }

        private void End(string? error)
        {
            activity?.Dispose();
            if (started == 0)
            {
                return;
            }

            InFlight.Add(-1, new KeyValuePair<string, object?>("db.operation.name", operation));
            TagList tags = new() { { "db.system.name", "raftdb" }, { "db.operation.name", operation } };
            if (error is not null)
            {
                tags.Add("error.type", error);
            }

            Duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, tags);
        }
    }
}
