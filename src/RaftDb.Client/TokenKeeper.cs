namespace RaftDb.Client;

/// <summary>
/// Keeps what this client has seen: a log index per range, merged from every answer, so that reads of consistency "session" never go
/// back behind it. Its text is <c>1:17,2:40</c>.
/// </summary>
internal sealed class TokenKeeper
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, ulong> _seen = [];

    /// <summary>Of every answer: that a key is absent, or that a condition did not hold, was seen as well.</summary>
    public void Take(HttpResponseMessage answer)
    {
        if (!answer.Headers.TryGetValues("RaftDb-Token", out IEnumerable<string>? values) || values.FirstOrDefault() is not { Length: > 0 } text)
        {
            return;
        }

        lock (_lock)
        {
            foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                int colon = part.IndexOf(':');
                if (colon > 0 && ulong.TryParse(part.AsSpan(0, colon), out ulong range) && ulong.TryParse(part.AsSpan(colon + 1), out ulong index)
                    && index > _seen.GetValueOrDefault(range))
                {
                    _seen[range] = index;
                }
            }
        }
    }

    public IReadOnlyList<(string, string)> HeadersFor(ReadOptions? options)
    {
        if (options?.Consistency != "session")
        {
            return [];
        }

        string token = options.Token ?? ToString();
        return token.Length == 0 ? [] : [("RaftDb-Token", token)];
    }

    public override string ToString()
    {
        lock (_lock)
        {
            return string.Join(',', _seen.Select(pair => $"{pair.Key}:{pair.Value}"));
        }
    }
}
