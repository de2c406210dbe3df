namespace RaftDb.Storage;

/// <summary>A store can't be opened as it is (foreign, in use, a newer format, inconsistent); the message says why and what to do.</summary>
public sealed class StorageRefusedException(string message, Exception? inner = null) : Exception(message, inner);
