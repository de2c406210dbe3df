namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>Why operations are rejected. These texts are part of results that replicas must agree on.</summary>
public static class Rejections
{
    /// <summary>An increment met something else.</summary>
    public const string NotANumber = "the value is not a decimal 64-bit integer";

    /// <summary>An increment went too far.</summary>
    public const string Overflow = "the sum does not fit into a 64-bit integer";
}
