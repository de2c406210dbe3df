namespace RaftDb.Raft.Log;

/// <summary>An entry named by index and term: in Raft, the two together name its content and all before it.</summary>
public readonly record struct LogPosition(LogIndex Index, Term Term)
{
    /// <summary>Before the first entry.</summary>
    public static readonly LogPosition Zero = new(LogIndex.Zero, Term.Zero);
}
