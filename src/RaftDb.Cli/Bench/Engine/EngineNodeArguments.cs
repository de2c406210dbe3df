namespace RaftDb.Cli.Bench.Engine;

/// <summary>What one process of the engine's benchmark was told.</summary>
/// <param name="Id">From 1.</param>
/// <param name="Peers">HOST:PORT of all, by id.</param>
/// <param name="Data">An empty directory.</param>
/// <param name="Cluster">The same for all.</param>
internal sealed record EngineNodeArguments(ulong Id, IReadOnlyList<string> Peers, string Data, Guid Cluster);
