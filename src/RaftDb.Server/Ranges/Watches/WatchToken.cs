using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges.Watches;

/// <summary>Up to where a watcher has seen a range.</summary>
/// <param name="Index">All changes of entries at or before this.</param>
/// <param name="Known">And so many of the next entry's.</param>
internal readonly record struct WatchPosition(LogIndex Index, uint Known = 0);

/// <summary>Up to where a watcher has seen all its ranges: <c>2:17,3:41.2</c> is entry 17 of range 2, and of range 3 two changes of entry 41. A session token is one too.</summary>
internal static class WatchToken
{
    public static string Text(IEnumerable<(RangeId Range, WatchPosition Position)> positions) => string.Join(',', positions.Select(p => string.Create(
        CultureInfo.InvariantCulture,
        $"{p.Range.Value}:{(p.Position.Known == 0 ? p.Position.Index.Value : p.Position.Index.Value + 1)}{(p.Position.Known == 0 ? "" : ".")}{(p.Position.Known == 0 ? "" : p.Position.Known)}")));

    public static bool TryParse(string text, [NotNullWhen(true)] out Dictionary<RangeId, WatchPosition>? positions)
    {
        positions = null;
        Dictionary<RangeId, WatchPosition> parsed = [];
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = part.IndexOf(':');
            int dot = part.IndexOf('.');
            uint known = 0;
            if (colon <= 0
                || !ulong.TryParse(part.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out ulong range)
                || !ulong.TryParse(part.AsSpan(colon + 1, (dot < 0 ? part.Length : dot) - colon - 1), NumberStyles.None, CultureInfo.InvariantCulture, out ulong index)
                || (dot >= 0 && (index == 0 || !uint.TryParse(part.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out known) || known == 0))
                || !parsed.TryAdd(new(range), known == 0 ? new(new(index)) : new(new(index - 1), known)))
            {
                return false;
            }
        }

        positions = parsed;
        return true;
    }
}
