namespace RaftDb.Raft.Quorum;

/// <summary>Decisions of one set of voters. An empty set agrees to everything, so that it is neutral as a half of a
/// <see cref="JointQuorum"/>.</summary>
public static class MajorityQuorum
{
    /// <summary>What an empty set of voters has committed.</summary>
    public static readonly LogIndex Everything = new(ulong.MaxValue);

    /// <summary>Sets up to this size, which is nearly all there are, are sorted on the stack.</summary>
    private const int StackVoters = 16;

    /// <summary>How many of <paramref name="voters"/> make a majority.</summary>
    public static int Size(int voters) => (voters / 2) + 1;

    /// <summary>The highest index that a majority of <paramref name="voters"/> has; a voter of whom nothing is known counts as 0.</summary>
    public static LogIndex CommittedIndex<T>(ReadOnlySpan<ReplicaId> voters, T matches)
        where T : IMatchIndexes
    {
        if (voters.IsEmpty)
        {
            return Everything;
        }

        Span<ulong> ascending = voters.Length <= StackVoters ? stackalloc ulong[StackVoters] : new ulong[voters.Length];
        for (var count = 0; count < voters.Length; count++)
        {
            Insert(ascending, count, matches.TryGet(voters[count], out var match) ? match.Value : 0);
        }

        // With n voters, the majority-th highest index is held by a majority: position n - majority in ascending order.
        return new(ascending[voters.Length - Size(voters.Length)]);
    }

    /// <summary>How the election stands among <paramref name="voters"/>; votes of others don't count.</summary>
    public static VoteResult VoteResult(ReadOnlySpan<ReplicaId> voters, IReadOnlyDictionary<ReplicaId, bool> votes)
    {
        var granted = 0;
        var missing = 0;
        foreach (var voter in voters)
        {
            if (!votes.TryGetValue(voter, out var yes))
            {
                missing++;
            }
            else if (yes)
            {
                granted++;
            }
        }

        if (voters.IsEmpty || granted >= Size(voters.Length))
        {
            return Quorum.VoteResult.Won;
        }

        return granted + missing >= Size(voters.Length) ? Quorum.VoteResult.Pending : Quorum.VoteResult.Lost;
    }

    /// <summary>One step of an insertion sort: the fastest there is for a handful of numbers.</summary>
    private static void Insert(Span<ulong> ascending, int count, ulong value)
    {
        var at = count;
        while (at > 0 && ascending[at - 1] > value)
        {
            ascending[at] = ascending[at - 1];
            at--;
        }

        ascending[at] = value;
    }
}
