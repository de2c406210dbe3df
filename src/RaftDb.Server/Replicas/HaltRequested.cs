namespace RaftDb.Server.Replicas;

/// <summary>Wakes a replica that was told to halt.</summary>
internal sealed class HaltRequested
{
    public static readonly HaltRequested Instance = new();
}
