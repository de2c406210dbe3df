namespace RaftDb.Server.Transport.Wire;

/// <summary>What came from the other side is not what the protocol allows. The connection is closed with this as the reason; the
/// node goes on.</summary>
internal sealed class ProtocolViolationException(string message, Exception? inner = null) : IOException(message, inner);
