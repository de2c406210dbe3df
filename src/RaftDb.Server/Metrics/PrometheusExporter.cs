using System.Diagnostics.Metrics;

namespace RaftDb.Server.Metrics;

/// <summary>Collects the measurements of one meter and renders them as Prometheus text (format 0.0.4). Recording goes to an instrument's own series
/// by atomic additions; only rendering takes a lock, against other renderings.</summary>
internal sealed class PrometheusExporter : IDisposable
{
    private readonly Lock _rendering = new();
    private readonly Lock _publishing = new();
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, InstrumentSeries> _instruments = new(StringComparer.Ordinal);
    private int _scrape;

    /// <summary>Listens to the meter's present and future instruments.</summary>
    public PrometheusExporter(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                InstrumentSeries series = new(instrument);
                lock (_publishing)
                {
                    _instruments.Add(series.Name, series);
                }

                listener.EnableMeasurementEvents(instrument, series);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record(state, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record(state, value, tags));
        _listener.Start();
    }

    /// <summary>All instruments, by name.</summary>
    public string Render()
    {
        lock (_rendering)
        {
            // 1. A new scrape: what an observable instrument doesn't report in it is no longer there.
            Volatile.Write(ref _scrape, _scrape + 1);

            // 2. Ask the observable instruments.
            _listener.RecordObservableInstruments();

            // 3. Write everything.
            InstrumentSeries[] instruments;
            lock (_publishing)
            {
                instruments = [.. _instruments.Values];
            }

            PrometheusText text = new();
            foreach (InstrumentSeries instrument in instruments)
            {
                instrument.WriteTo(text, _scrape);
            }

            return text.ToString();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Record(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        ((InstrumentSeries)state!).Record(value, tags, Volatile.Read(ref _scrape));
}
