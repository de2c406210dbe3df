namespace RaftDb.Raft.Log;

/// <summary>What an entry's data means.</summary>
public enum EntryKind : byte
{
    /// <summary>Nothing: the first entry of a leader's term (thesis section 6.4).</summary>
    Noop = 0,

    /// <summary>A command of the state machine.</summary>
    Command = 1,

    /// <summary>An encoded <see cref="Membership.ConfigurationChange"/>.</summary>
    ConfigurationChange = 2,
}

/// <summary>One entry of a range's log. <see cref="Data"/> is never changed after the entry was made.</summary>
public readonly record struct Entry(Term Term, LogIndex Index, EntryKind Kind, ReadOnlyMemory<byte> Data)
{
    /// <summary>A fixed cost per entry that bounds count in bytes as well: what an entry costs beside its data.</summary>
    public const int Overhead = 32;

    /// <summary>Bytes that this entry counts for in every bound.</summary>
    public int Size => Data.Length + Overhead;
}
