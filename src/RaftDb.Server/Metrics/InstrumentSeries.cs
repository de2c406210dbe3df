using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace RaftDb.Server.Metrics;

/// <summary>The series of one instrument: one for each set of tags.</summary>
internal sealed class InstrumentSeries
{
    /// <summary>Beyond this many, a bug puts something unbounded into a tag: what is new is counted together, under no tags, rather than eating the memory.</summary>
    internal const int MaxSeries = 10_000;

    private static readonly double[] DefaultBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

    private readonly ConcurrentDictionary<SeriesTags, Series> _series = new(SeriesTagsComparer.Instance);
    private readonly ConcurrentDictionary<SeriesTags, Series>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _lookup;
    private readonly string _help;
    private readonly string _type;
    private readonly bool _adds;
    private readonly double[]? _buckets;
    private readonly bool _observable;

    /// <summary>For an instrument.</summary>
    public InstrumentSeries(Instrument instrument)
    {
        _lookup = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        _help = instrument.Description ?? instrument.Name;
        _observable = instrument.IsObservable;
        string kind = instrument.GetType().Name;
        bool counter = kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("ObservableCounter", StringComparison.Ordinal);
        bool histogram = kind.StartsWith("Histogram", StringComparison.Ordinal);
        _adds = !_observable && !kind.StartsWith("Gauge", StringComparison.Ordinal);
        _type = counter ? "counter" : histogram ? "histogram" : "gauge";
        _buckets = histogram ? ((instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? DefaultBuckets) : null;
        Name = PrometheusText.Name(instrument.Name, instrument.Unit, counter);
    }

    /// <summary>The name in Prometheus.</summary>
    public string Name { get; }

    /// <summary>Takes a measurement.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, int scrape)
    {
        if (!_lookup.TryGetValue(tags, out Series? series))
        {
            SeriesTags key = _series.Count < MaxSeries ? SeriesTags.Of(tags) : SeriesTags.None;
            series = _series.GetOrAdd(key, static (_, buckets) => new Series(buckets), _buckets);
        }

        if (_adds)
        {
            series.Add(value);
        }
        else
        {
            series.Set(value, scrape);
        }
    }

    /// <summary>Writes the series; of an observable instrument those that were reported in this scrape.</summary>
    public void WriteTo(PrometheusText text, int scrape)
    {
        KeyValuePair<SeriesTags, Series>[] shown =
            [.. _series.Where(pair => !_observable || pair.Value.Scrape == scrape).OrderBy(pair => pair.Key.Text, StringComparer.Ordinal)];
        if (_observable)
        {
            foreach (KeyValuePair<SeriesTags, Series> gone in _series.Where(pair => pair.Value.Scrape != scrape))
            {
                _series.TryRemove(gone);
            }
        }

        if (shown.Length == 0)
        {
            return;
        }

        text.Family(Name, _help, _type);
        foreach ((SeriesTags tags, Series series) in shown)
        {
            if (_buckets is null)
            {
                text.Sample(Name, tags.Text, null, series.Value);
            }
            else
            {
                series.WriteHistogram(text, Name, tags.Text, _buckets);
            }
        }
    }
}
