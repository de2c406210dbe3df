namespace RaftDb.Raft.Membership;

/// <summary>What a change makes of a configuration: either the new one, or why the change is refused.</summary>
public readonly record struct ConfigurationResult(Configuration? Configuration, string? Error)
{
    internal static ConfigurationResult Refuse(string error) => new(null, error);
}
