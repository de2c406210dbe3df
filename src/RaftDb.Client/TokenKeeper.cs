using System.Collections.Concurrent;
using System.Globalization;

namespace RaftDb.Client;

/// <summary>
/// Keeps what this client has seen: a log index per range, merged from every answer, so that reads of consistency "session" never go
/// back behind it. Its text is <c>1:17,2:40</c>. Thread-safe.
/// </summary>
internal sealed class TokenKeeper
{
    private readonly ConcurrentDictionary<ulong, Seen> _seen = new();

    /// <summary>Of every answer: that a key is absent, or that a condition did not hold, was seen as well.</summary>
    public void Take(HttpResponseMessage answer)
    {
        if (!answer.Headers.TryGetValues("RaftDb-Token", out IEnumerable<string>? values) || values.FirstOrDefault() is not { Length: > 0 } text)
        {
            return;
        }

        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = part.IndexOf(':');
            if (colon > 0 && ulong.TryParse(part.AsSpan(0, colon), out ulong range) && ulong.TryParse(part.AsSpan(colon + 1), out ulong index))
            {
                Saw(range, index);
            }
        }
    }

    /// <summary>An answer showed an index of a range.</summary>
    public void Saw(ulong range, ulong index)
    {
        Seen seen = _seen.GetOrAdd(range, static _ => new());
        ulong before = Volatile.Read(ref seen.Index);
        while (index > before)
        {
            ulong now = Interlocked.CompareExchange(ref seen.Index, index, before);
            if (now == before)
            {
                return;
            }

            before = now;
        }
    }

    /// <summary>The token for one range.</summary>
    public string TextFor(ulong range) =>
        _seen.TryGetValue(range, out Seen? seen) ? string.Create(CultureInfo.InvariantCulture, $"{range}:{Volatile.Read(ref seen.Index)}") : "";

    public IReadOnlyList<(string, string)> HeadersFor(ReadOptions? options)
    {
        if (options?.Consistency != "session")
        {
            return [];
        }

        string token = options.Token ?? ToString();
        return token.Length == 0 ? [] : [("RaftDb-Token", token)];
    }

    public override string ToString() => string.Join(',', _seen.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}:{Volatile.Read(ref pair.Value.Index)}"));

    private sealed class Seen
    {
        public ulong Index;
    }
}
