namespace RaftDb.Benchmarks.Comparison;

/// <summary>One line of the table: the same work for every system.</summary>
/// <param name="Keys">Keys of 16 bytes, hit at random.</param>
internal sealed record Load(LoadKind Kind, int Clients, int ValueSize = 100, int Keys = Load.FewKeys)
{
    /// <summary>Keys that are there from the beginning.</summary>
    public const int FewKeys = 100_000;

    /// <summary>With values of 64 kB.</summary>
    public const int FewKeysOfLargeValues = 2000;

    /// <summary>Puts of a <see cref="LoadKind.Batch"/>.</summary>
    public const int BatchPuts = 100;

    /// <summary>Keys of a <see cref="LoadKind.Scan"/>.</summary>
    public const int ScanKeys = 1000;

    /// <summary>Requests in flight on a connection of a <see cref="LoadKind.PipelinedPut"/>.</summary>
    public const int PipelineDepth = 16;

    /// <summary>Ends after so many operations instead of after a time.</summary>
    public int? Operations { get; init; }

    /// <summary>The clients know all nodes, so that they survive one; otherwise they ask where it is cheapest.</summary>
    public bool KnowsAllNodes { get; init; }

    /// <summary>Whether keys must be there before.</summary>
    public bool Reads => Kind is LoadKind.Get or LoadKind.BoundedGet or LoadKind.Mixed or LoadKind.Scan;

    /// <summary>What one request counts for.</summary>
    public int OperationsPerRequest => Kind == LoadKind.Batch ? BatchPuts : 1;

    private bool HasUsualKeys => Keys is FewKeys or FewKeysOfLargeValues;

    /// <summary>How `--only` calls it.</summary>
    public string Key => Kind switch
    {
        LoadKind.Put => "put",
        LoadKind.Get => "get",
        LoadKind.BoundedGet => "bounded",
        LoadKind.Mixed => "mixed",
        LoadKind.Batch => "batch",
        LoadKind.Scan => "scan",
        LoadKind.PipelinedPut => "resp",
        LoadKind.Fill => "fill",
        _ => throw new InvalidOperationException($"{Kind}"),
    } + ValueSize switch
    {
        100 => "",
        < 1000 => $"-{ValueSize}",
        _ => $"-{ValueSize / 1000}k",
    } + (Kind == LoadKind.Fill || HasUsualKeys ? "" : "-many");

    public string Name => Kind switch
    {
        LoadKind.Put => "put",
        LoadKind.Get => "linearizable get",
        LoadKind.BoundedGet => "bounded get, all nodes",
        LoadKind.Mixed => "mixed, 90 % get",
        LoadKind.Batch => $"batch of {BatchPuts} puts",
        LoadKind.Scan => $"scan of {ScanKeys}",
        LoadKind.PipelinedPut => $"put, RESP, {PipelineDepth} deep",
        LoadKind.Fill => "fill in order",
        _ => throw new InvalidOperationException($"{Kind}"),
    } + (ValueSize == 100 ? "" : $", {ValueSize} B") + (HasUsualKeys ? "" : FormattableString.Invariant($", {Keys:N0} keys"));
}
