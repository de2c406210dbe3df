namespace RaftDb.Server.Transport.Wire;

/// <summary>The other side closed a connection without a word: a dial that was given up for another one, or somebody who looks whether the port is open.</summary>
internal sealed class NothingSaidException() : EndOfStreamException("The connection ended before it began.");
