using RaftDb.Raft;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Quorum;
using RaftDb.Tests.DataDriven;

namespace RaftDb.Tests.Raft.Quorum;

/// <summary>Reads a case of etcd's quorum vectors.</summary>
internal static class QuorumVectors
{
    private static readonly string[] Files =
        ["majority_commit.txt", "majority_vote.txt", "joint_commit.txt", "joint_vote.txt"];

    public static IReadOnlyList<Directive> All() =>
        [.. Files.SelectMany(file => DataDrivenFile.Read($"vectors/etcd-raft/quorum/{file}"))];

    public static ReplicaId[] Voters(Directive directive, string key) =>
        [.. directive.Values(key).Where(value => value is not "zero").Select(value => new ReplicaId(ulong.Parse(value)))];

    public static Configuration Configuration(IReadOnlyList<ReplicaId> incoming, IReadOnlyList<ReplicaId> outgoing) =>
        new() { Voters = [.. incoming.Order()], OutgoingVoters = [.. outgoing.Order()] };

    public static KnownMatches Matches(Directive directive) =>
        new(Assign(directive, "idx", value => new LogIndex(ulong.Parse(value))));

    public static Dictionary<ReplicaId, bool> Votes(Directive directive) =>
        Assign(directive, "votes", value => value == "y");

    /// <summary>Values belong to the voters in the order they are named, each voter once; <c>_</c> is "no information".</summary>
    private static Dictionary<ReplicaId, T> Assign<T>(Directive directive, string key, Func<string, T> parse)
    {
        var voters = Voters(directive, "cfg").Concat(Voters(directive, "cfgj")).Distinct().ToList();
        var values = directive.Values(key);
        Assert.That(values, Has.Count.EqualTo(voters.Count), $"{directive}: one value for each voter");
        return voters.Zip(values)
            .Where(pair => pair.Second != "_")
            .ToDictionary(pair => pair.First, pair => parse(pair.Second));
    }
}

/// <summary>Match indexes from a table.</summary>
internal sealed class KnownMatches(Dictionary<ReplicaId, LogIndex> known) : IMatchIndexes
{
    public bool TryGet(ReplicaId id, out LogIndex match) => known.TryGetValue(id, out match);
}
