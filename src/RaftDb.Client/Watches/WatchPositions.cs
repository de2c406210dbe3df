namespace RaftDb.Client.Watches;

/// <summary>Up to where each range was told: the parts of tokens, by range. Used by one thread at a time.</summary>
internal sealed class WatchPositions
{
    private readonly SortedDictionary<ulong, string> _positions = [];

    public WatchPositions(string? token) => Take(token ?? "");

    /// <summary>The token of all.</summary>
    public string Text => string.Join(',', _positions.Select(pair => $"{pair.Key}:{pair.Value}"));

    /// <summary>A stream has come so far in its ranges.</summary>
    public void Take(string token)
    {
        foreach (string part in token.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = part.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && ulong.TryParse(part.AsSpan(0, colon), out ulong range))
            {
                _positions[range] = part[(colon + 1)..];
            }
        }
    }
}
