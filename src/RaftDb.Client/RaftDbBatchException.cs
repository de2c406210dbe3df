using RaftDb.Client.Protocol;

namespace RaftDb.Client;

/// <summary>A batch of which some writes were not done, or may not have been.</summary>
public sealed class RaftDbBatchException : RaftDbException
{
    internal RaftDbBatchException(ProblemDocument first, IReadOnlyList<BatchResult> results)
        : base(first.Code, first.Detail) => Results = results;

    /// <summary>One per write, in their order: what was done, or why not.</summary>
    public IReadOnlyList<BatchResult> Results { get; }
}
