using RaftDb.Raft;
using RaftDb.Raft.Quorum;
using RaftDb.Tests.DataDriven;

namespace RaftDb.Tests.Raft.Quorum;

/// <summary>What etcd-io/raft answers for majority and joint quorums.</summary>
public sealed class QuorumVectorTests
{
    private static IEnumerable<TestCaseData> Cases(string command) =>
        QuorumVectors.All()
            .Where(directive => directive.Command == command)
            .Select(directive => new TestCaseData(directive).SetArgDisplayNames(directive.ToString()));

    [Test]
    public void All_127_cases_are_there() => Assert.That(QuorumVectors.All(), Has.Count.EqualTo(127));

    [TestCaseSource(nameof(Cases), new object[] { "committed" })]
    public void Committed_index(Directive directive)
    {
        var incoming = QuorumVectors.Voters(directive, "cfg");
        var outgoing = QuorumVectors.Voters(directive, "cfgj");
        var matches = QuorumVectors.Matches(directive);

        // The last line is the answer; the drawing above it is for people, and the empty quorum is drawn on the same line.
        var last = directive.Expected[^1];
        var expected = last.EndsWith('∞') ? MajorityQuorum.Everything : new LogIndex(ulong.Parse(last));

        Assert.That(Committed(incoming, outgoing), Is.EqualTo(expected));
        Assert.That(Committed(outgoing, incoming), Is.EqualTo(expected), "symmetry of the halves");
        if (outgoing.Length == 0)
        {
            Assert.That(MajorityQuorum.CommittedIndex(incoming, matches), Is.EqualTo(expected), "a majority alone");
            Assert.That(Committed(incoming, incoming), Is.EqualTo(expected), "an identical second half");
        }

        LogIndex Committed(ReplicaId[] a, ReplicaId[] b) =>
            JointQuorum.CommittedIndex(QuorumVectors.Configuration(a, b), matches);
    }

    [TestCaseSource(nameof(Cases), new object[] { "vote" })]
    public void Vote_result(Directive directive)
    {
        var incoming = QuorumVectors.Voters(directive, "cfg");
        var outgoing = QuorumVectors.Voters(directive, "cfgj");
        var votes = QuorumVectors.Votes(directive);
        var expected = Enum.Parse<VoteResult>(directive.Expected.Single()["Vote".Length..]);

        Assert.That(Vote(incoming, outgoing), Is.EqualTo(expected));
        Assert.That(Vote(outgoing, incoming), Is.EqualTo(expected), "symmetry of the halves");
        if (outgoing.Length == 0)
        {
            Assert.That(MajorityQuorum.VoteResult(incoming, votes), Is.EqualTo(expected), "a majority alone");
            Assert.That(Vote(incoming, incoming), Is.EqualTo(expected), "an identical second half");
        }

        VoteResult Vote(ReplicaId[] a, ReplicaId[] b) =>
            JointQuorum.VoteResult(QuorumVectors.Configuration(a, b), votes);
    }
}
