namespace RaftDb.Raft.Log;

/// <summary>All entries from <see cref="First"/> to the next run's first (or the end of the log) have this term. A log has
/// few terms, so the term of any entry is known without reading it.</summary>
public readonly record struct TermRun(LogIndex First, Term Term);
