namespace RaftDb.Benchmarks.Comparison;

/// <summary>One line of the table: the same work for every system.</summary>
/// <param name="Keys">Keys of 16 bytes, hit at random.</param>
internal sealed record Load(LoadKind Kind, int Clients, int ValueSize = 100, int Keys = 100_000)
{
    /// <summary>Puts of a <see cref="LoadKind.Batch"/>.</summary>
    public const int BatchPuts = 100;

    /// <summary>Keys of a <see cref="LoadKind.Scan"/>.</summary>
    public const int ScanKeys = 1000;

    /// <summary>Requests in flight on a connection of a <see cref="LoadKind.PipelinedPut"/>.</summary>
    public const int PipelineDepth = 16;

    /// <summary>Whether keys must be there before.</summary>
    public bool Reads => Kind is LoadKind.Get or LoadKind.BoundedGet or LoadKind.Mixed or LoadKind.Scan;

    public string Name => Kind switch
    {
        LoadKind.Put => "put",
        LoadKind.Get => "linearizable get",
        LoadKind.BoundedGet => "bounded get, all nodes",
        LoadKind.Mixed => "mixed, 90 % get",
        LoadKind.Batch => $"batch of {BatchPuts} puts",
        LoadKind.Scan => $"scan of {ScanKeys}",
        LoadKind.PipelinedPut => $"put, RESP, {PipelineDepth} deep",
        _ => throw new InvalidOperationException($"{Kind}"),
    } + (ValueSize == 100 ? "" : $", {ValueSize} B") + (Keys == 100_000 ? "" : $", {Keys:N0} keys");
}
