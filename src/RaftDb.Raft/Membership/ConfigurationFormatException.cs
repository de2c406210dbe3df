namespace RaftDb.Raft.Membership;

/// <summary>Bytes that are no configuration, or no change of one.</summary>
public sealed class ConfigurationFormatException(string message) : FormatException(message);
