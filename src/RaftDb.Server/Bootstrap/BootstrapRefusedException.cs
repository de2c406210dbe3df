namespace RaftDb.Server.Bootstrap;

/// <summary>A node does not start: what it was told, what is on its disk and what its peers say don't fit. The message says what differs and what to do.</summary>
internal sealed class BootstrapRefusedException(string message, Exception? inner = null) : Exception(message, inner);
