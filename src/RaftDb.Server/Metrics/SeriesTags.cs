using System.Diagnostics.CodeAnalysis;

namespace RaftDb.Server.Metrics;

/// <summary>A set of tags, as part of a series' identity, with its text rendered once.</summary>
internal sealed class SeriesTags
{
    /// <summary>No tags.</summary>
    public static readonly SeriesTags None = new([]);

    private readonly KeyValuePair<string, object?>[] _tags;

    private SeriesTags(KeyValuePair<string, object?>[] tags)
    {
        _tags = tags;
        Text = PrometheusText.Labels(tags);
    }

    /// <summary>The labels without braces, like <c>kind="get",code="ok"</c>.</summary>
    public string Text { get; }

    /// <summary>The tags.</summary>
    public ReadOnlySpan<KeyValuePair<string, object?>> Tags => _tags;

    /// <summary>Keeps a copy.</summary>
    public static SeriesTags Of(ReadOnlySpan<KeyValuePair<string, object?>> tags) => tags.IsEmpty ? None : new(tags.ToArray());
}

/// <summary>Compares tags in the order in which they are given: each of our instruments is always given its tags in the same order.</summary>
internal sealed class SeriesTagsComparer
    : IEqualityComparer<SeriesTags>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, SeriesTags>
{
    public static readonly SeriesTagsComparer Instance = new();

    public bool Equals(SeriesTags? x, SeriesTags? y) => ReferenceEquals(x, y) || (x is not null && y is not null && Equals(x.Tags, y));

    public int GetHashCode([DisallowNull] SeriesTags obj) => GetHashCode(obj.Tags);

    public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, SeriesTags other)
    {
        ReadOnlySpan<KeyValuePair<string, object?>> tags = other.Tags;
        if (alternate.Length != tags.Length)
        {
            return false;
        }

        for (int i = 0; i < tags.Length; i++)
        {
            if (alternate[i].Key != tags[i].Key || !object.Equals(alternate[i].Value, tags[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
    {
        // The names are the instrument's own and always the same: the values tell series apart.
        HashCode hash = default;
        foreach (KeyValuePair<string, object?> tag in alternate)
        {
            hash.Add(tag.Value);
        }

        return hash.ToHashCode();
    }

    public SeriesTags Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => SeriesTags.Of(alternate);
}
