namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>Bytes that this version can't read as a command: a newer kind or format, or damage. A replica that meets one at apply halts (it wraps this in a <see cref="StorageFailedException"/>), and applies nothing
/// of the batch: skipping it would make this replica differ from the others.</summary>
public sealed class UnknownCommandException(string message, Exception? inner = null) : Exception(message, inner);
