using RaftDb.Storage.StateMachines.Memory;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>Reads a page of rows from the file and the layers above it.</summary>
internal static class Scanner
{
    /// <summary>The page, as of an applied index.</summary>
    public static ScanPage Scan(ReadConnection file, MemoryLayer[] layers, ulong applied, in ScanQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        if (query.End is { Length: 0 })
        {
            return new([], false);
        }

        using RowCursor rows = Rows(file, layers, applied, query);
        var page = new List<Row>(Math.Min(query.Limit, 64));
        long bytes = 0;
        while (rows.MoveNext())
        {
            if (page.Count == query.Limit || (page.Count > 0 && bytes >= query.MaxBytes))
            {
                return new(page, true);
            }

            byte[] key = rows.Key.ToArray();
            byte[] value = query.KeysOnly ? [] : rows.Value.ToArray();
            if (page.Count > 0 && bytes + key.Length + value.Length > query.MaxBytes)
            {
                return new(page, true);
            }

            bytes += key.Length + value.Length;
            RowFacts facts = rows.Facts;
            page.Add(new(key, value, facts.Version, facts.Index, facts.Expiry));
        }

        return new(page, false);
    }

    private static RowCursor Rows(ReadConnection file, MemoryLayer[] layers, ulong applied, in ScanQuery query)
    {
        RowCursor below = file.Rows(query.Start.Span, query.End is { } last ? last.Span : default, query.Reverse, !query.KeysOnly);
        List<RowCursor> cursors = [];
        byte[] start = query.Start.ToArray();
        byte[]? end = query.End?.ToArray();
        foreach (MemoryLayer layer in layers)
        {
            if (layer.Rows.Count > 0)
            {
                cursors.Add(new MemCursor(layer.Rows, applied, start, end, query.Reverse));
            }
        }

        if (cursors.Count == 0)
        {
            return below;
        }

        cursors.Add(below);
        return new MergedCursor(cursors, query.Reverse);
    }
}
