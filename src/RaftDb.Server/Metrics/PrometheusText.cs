using System.Globalization;
using System.Text;

namespace RaftDb.Server.Metrics;

/// <summary>Writes the Prometheus text format, version 0.0.4.</summary>
internal sealed class PrometheusText
{
    private const string Prefix = "raftdb_";

    private readonly StringBuilder _text = new();

    /// <summary>The name of a family: our prefix, underscores, the unit, and _total for counters.</summary>
    public static string Name(string instrument, string? unit, bool counter)
    {
        StringBuilder name = new(Prefix);
        foreach (char c in instrument)
        {
            name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        }

        name.Append(unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" });
        return name.Append(counter ? "_total" : "").ToString();
    }

    /// <summary>Labels without braces.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        StringBuilder labels = new();
        foreach ((string name, object? value) in tags)
        {
            string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            labels.Append(labels.Length == 0 ? "" : ",").Append(name).Append("=\"").Append(Escape(text).Replace("\"", "\\\"")).Append('"');
        }

        return labels.ToString();
    }

    /// <summary>A number.</summary>
    public static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Begins a family.</summary>
    public void Family(string name, string help, string type) =>
        _text.Append("# HELP ").Append(name).Append(' ').Append(Escape(help)).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    /// <summary>A sample, in a bucket where <paramref name="le"/> is given.</summary>
    public void Sample(string name, string labels, string? le, double value)
    {
        _text.Append(name);
        if (labels.Length > 0 || le is not null)
        {
            _text.Append('{').Append(labels);
            if (le is not null)
            {
                _text.Append(labels.Length > 0 ? "," : "").Append("le=\"").Append(le).Append('"');
            }

            _text.Append('}');
        }

        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private static string Escape(string text) => text.Replace("\\", "\\\\").Replace("\n", "\\n");
}
