using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>What a client has seen: a log index per range. Its text is <c>1:17,2:40</c>, in the order of range ids; clients pass it on without reading it.</summary>
internal sealed class SessionToken
{
    public static readonly SessionToken Empty = new([]);

    private readonly SortedList<ulong, ulong> _seen;

    private SessionToken(SortedList<ulong, ulong> seen) => _seen = seen;

    /// <summary>The index seen of a range; 0 when none.</summary>
    public LogIndex this[RangeId range] => new(_seen.GetValueOrDefault(range.Value));

    /// <summary>This token, having also seen an index of a range.</summary>
    public SessionToken With(RangeId range, LogIndex index)
    {
        if (_seen.TryGetValue(range.Value, out ulong before) && before >= index.Value)
        {
            return this;
        }

        return new(new SortedList<ulong, ulong>(_seen) { [range.Value] = index.Value });
    }

    /// <summary>This token, having also seen what another one has.</summary>
    public SessionToken With(SessionToken other)
    {
        SessionToken both = this;
        foreach ((ulong range, ulong index) in other._seen)
        {
            both = both.With(new RangeId(range), new LogIndex(index));
        }

        return both;
    }

    public override string ToString() => string.Join(',', _seen.Select(pair => $"{pair.Key}:{pair.Value}"));

    public static bool TryParse(string? text, [NotNullWhen(true)] out SessionToken? token)
    {
        token = null;
        SortedList<ulong, ulong> seen = [];
        foreach (string part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = part.IndexOf(':');
            if (colon <= 0
                || !ulong.TryParse(part.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out ulong range)
                || !ulong.TryParse(part.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ulong index)
                || !seen.TryAdd(range, index))
            {
                return false;
            }
        }

        token = new(seen);
        return true;
    }
}
