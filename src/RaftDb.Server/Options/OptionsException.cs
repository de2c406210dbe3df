namespace RaftDb.Server.Options;

/// <summary>An option makes no sense; the message names it, where it came from, and what it may be.</summary>
internal sealed class OptionsException(string message) : Exception(message);
