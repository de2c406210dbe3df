using System.Runtime.CompilerServices;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Simulation.Core;
using RaftDb.Storage;

namespace RaftDb.Simulation.Checks;

/// <summary>What one range has ever elected, sent, committed and applied, as seen from outside. It only grows: what contradicts it is a broken promise.</summary>
internal sealed class RangeLedger(RangeId range)
{
    private readonly Dictionary<ulong, ReplicaId> _leaders = [];
    private readonly Dictionary<(ulong Term, ReplicaId Voter), ReplicaId> _votes = [];
    private readonly Dictionary<LogPosition, ulong> _contents = [];
    private readonly List<ulong> _committedTerms = [];
    private readonly List<AppliedEntry> _applied = [];
    private readonly SortedDictionary<ulong, LogIndex> _committedIn = [];

    /// <summary>The last index that is known to be committed.</summary>
    public LogIndex Committed => new((ulong)_committedTerms.Count);

    /// <summary>The highest term in which a leader has committed something.</summary>
    public Term HighestTerm { get; private set; }

    /// <summary>The configuration at the last applied entry.</summary>
    public Configuration? Configuration { get; private set; }

    public int Leaders => _leaders.Count;

    public Term TermOf(LogIndex index) => index == LogIndex.Zero ? default : new(_committedTerms[(int)index.Value - 1]);

    /// <summary>The last index that leaders of a term or earlier ones have committed.</summary>
    public LogIndex CommittedBy(Term latest)
    {
        LogIndex committed = LogIndex.Zero;
        foreach ((ulong term, LogIndex last) in _committedIn)
        {
            if (term <= latest.Value)
            {
                committed = LogIndex.Max(committed, last);
            }
        }

        return committed;
    }

    /// <summary>Election Safety, for all of history; and Leader Completeness.</summary>
    public void Elected(ReplicaId replica, RaftNode node)
    {
        if (!_leaders.TryAdd(node.Term.Value, replica))
        {
            Require(_leaders[node.Term.Value] == replica, $"replicas {_leaders[node.Term.Value]} and {replica} lead term {node.Term}");
            return;
        }

        LogIndex needed = CommittedBy(new Term(node.Term.Value - 1));

        Require(node.Last.Index >= needed, $"replica {replica} leads term {node.Term} with entries up to {node.Last.Index}; {needed} is committed");
        Require(
            needed <= node.Floor.Index || node.TermOf(needed) == TermOf(needed),
            $"replica {replica} leads term {node.Term} and has another entry {needed} than the range has committed");
    }

    /// <summary>How many entries gave the same digest on another replica.</summary>
    public long Compared { get; private set; }

    /// <summary>One vote per term and voter, whatever happens to the voter in between.</summary>
    /// <returns>Whether that vote was given before.</returns>
    public bool Voted(Term term, ReplicaId voter, ReplicaId candidate)
    {
        if (_votes.TryAdd((term.Value, voter), candidate))
        {
            return false;
        }

        ReplicaId before = _votes[(term.Value, voter)];
        Require(before == candidate, $"replica {voter} voted for {before} and for {candidate} in term {term}");
        return true;
    }

    public ReplicaId VoteOf(Term term, ReplicaId voter) => _votes.GetValueOrDefault((term.Value, voter));

    /// <summary>Log Matching: an index and a term name one entry.</summary>
    public void Sent(LogPosition previous, IReadOnlyList<Entry> entries)
    {
        ulong before = previous.Term.Value;
        for (int i = 0; i < entries.Count; i++)
        {
            Entry entry = entries[i];
            LogPosition position = new(entry.Index, entry.Term);
            ulong content = ContentOf(entry, before);
            if (!_contents.TryAdd(position, content))
            {
                Require(_contents[position] == content, $"two entries are {entry.Index}@{entry.Term}");
            }

            before = entry.Term.Value;
        }
    }

    /// <summary>A node's commit index is this now. Answers whether nobody knew that before.</summary>
    public bool Commits(ReplicaId replica, RaftNode node, Role before, Term termBefore)
    {
        LogIndex commit = node.Commit;
        if (commit <= Committed)
        {
            Require(
                commit <= node.Floor.Index || node.TermOf(commit) == TermOf(commit),
                $"replica {replica} committed entry {commit}@{node.TermOf(commit)}; the range has committed {commit}@{TermOf(commit)}");
            return false;
        }

        Require(node.Role == Role.Leader || before == Role.Leader, $"replica {replica}, no leader, committed {commit} before any leader");
        Term term = node.Role == Role.Leader ? node.Term : termBefore;
        Require(node.TermOf(commit) == term, $"leader {replica} of term {term} committed {commit} of term {node.TermOf(commit)} by counting");
        if (Committed > node.Floor.Index)
        {
            Require(node.TermOf(Committed) == TermOf(Committed), $"leader {replica} commits over another entry {Committed} than is committed");
        }

        for (LogIndex index = Committed.Next; index <= commit; index = index.Next)
        {
            _committedTerms.Add(node.TermOf(index).Value);
        }

        _committedIn[term.Value] = commit;
        HighestTerm = term > HighestTerm ? term : HighestTerm;
        return true;
    }

    /// <summary>State Machine Safety: all replicas apply the same entries in the same order and get the same rows.</summary>
    public void Applied(in Entry entry, ulong digest, Configuration configuration)
    {
        Require(entry.Index <= Committed, $"entry {entry.Index} is applied, and only {Committed} is committed");
        Require(entry.Term == TermOf(entry.Index), $"entry {entry.Index}@{entry.Term} is applied; {TermOf(entry.Index)} is committed");
        AppliedEntry applied = new(ContentOf(entry, 0), digest);
        int at = (int)entry.Index.Value - 1;
        if (at < _applied.Count)
        {
            Require(_applied[at].Content == applied.Content, $"entry {entry.Index} is applied with other bytes than elsewhere");
            Compared++;
            Require(_applied[at].Digest == applied.Digest, $"after entry {entry.Index} the rows differ from those of another replica");
            return;
        }

        Require(at == _applied.Count, $"entry {entry.Index} is applied first, and {_applied.Count} was before it");
        _applied.Add(applied);
        if (Configuration is { } before && !ReferenceEquals(before, configuration) && before.Voters.Count > 0)
        {
            Require(QuorumOverlap.Holds(before, configuration), $"a quorum of {before} and one of {configuration}, which follows it at entry {entry.Index}, may have no replica in common");
        }

        Configuration = configuration;
    }

    private static ulong ContentOf(in Entry entry, ulong previousTerm)
    {
        ulong hash = (0xC6A4A7935BD1E995 ^ (ulong)entry.Kind ^ (previousTerm << 8)) * 0x9FB21C651E98DF25;
        ReadOnlySpan<byte> bytes = entry.Data.Span;
        while (bytes.Length >= 8)
        {
            hash = (hash ^ BitConverter.ToUInt64(bytes)) * 0x9FB21C651E98DF25;
            hash ^= hash >> 29;
            bytes = bytes[8..];
        }

        foreach (byte one in bytes)
        {
            hash = (hash ^ one) * 0x100000001B3;
        }

        return hash ^ (hash >> 31);
    }

    private void Require(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref CheckMessage broken)
    {
        if (!holds)
        {
            throw new SimulationFailedException($"range {range}: {broken.ToString()}");
        }
    }

    private readonly record struct AppliedEntry(ulong Content, ulong Digest);
}
