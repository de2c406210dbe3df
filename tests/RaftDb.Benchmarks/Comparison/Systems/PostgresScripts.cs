namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>The loads as pgbench's scripts.</summary>
internal static class PostgresScripts
{
    private const string Upsert = "ON CONFLICT (k) DO UPDATE SET v = excluded.v;\n";

    /// <summary>Scripts, and how often each is run.</summary>
    public static IReadOnlyList<(string Text, int Weight)> Of(Load load)
    {
        string draw = $"\\set n random(0, {load.Keys - 1})\n";
        string key = Key("CAST(:n AS integer)");
        string put = $"{draw}INSERT INTO bench VALUES ({key}, {Value(load.ValueSize)}) {Upsert}";
        string get = $"{draw}SELECT v FROM bench WHERE k = {key};\n";

        // In the order of keys, so that two batches never wait for each other in a circle.
        string batch = $"{draw}INSERT INTO bench SELECT {Key("x.n")}, {Value(load.ValueSize)} "
            + $"FROM (SELECT CAST((CAST(:n AS bigint) + i * 7919) % {load.Keys} AS integer) AS n FROM generate_series(0, {Load.BatchPuts - 1}) AS i) AS x ORDER BY 1 {Upsert}";
        string scan = $"{draw}SELECT k, v FROM bench WHERE k >= {key} ORDER BY k LIMIT {Load.ScanKeys};\n";
        return load.Kind switch
        {
            LoadKind.Put => [(put, 1)],
            LoadKind.Get => [(get, 1)],
            LoadKind.Mixed => [(get, 9), (put, 1)],
            LoadKind.Batch => [(batch, 1)],
            LoadKind.Scan => [(scan, 1)],
            _ => throw new ComparisonException($"PostgreSQL has no {load.Kind}."),
        };
    }

    public static string Key(string number) => $"chr(97 + {number} % 26) || '/bench/' || lpad(CAST({number} AS text), 8, '0')";

    public static string Value(int size) => $"CAST(repeat('x', {size}) AS bytea)";
}
