namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>A system whose nodes can be taken away and given back.</summary>
internal interface IReplicatedSystem : ISystem
{
    /// <summary>The node that leads, from 0.</summary>
    Task<int> LeaderAsync(CancellationToken cancel);

    /// <summary>How much of the log a node has applied; null when it doesn't answer.</summary>
    Task<ulong?> AppliedAsync(int node, CancellationToken cancel);

    /// <summary>kill -9.</summary>
    void Kill(int node);

    /// <summary>Starts a killed node again, without waiting.</summary>
    void Restart(int node);
}
