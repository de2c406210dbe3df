using RaftDb.Raft.Membership;
using RaftDb.Tests.DataDriven;

namespace RaftDb.Tests.Raft.Membership;

/// <summary>What etcd-io/raft makes of configuration changes.</summary>
public sealed class ConfigurationVectorTests
{
    private static readonly string[] Files =
    [
        "joint_autoleave.txt", "joint_idempotency.txt", "joint_learners_next.txt", "joint_safety.txt",
        "simple_idempotency.txt", "simple_promote_demote.txt", "simple_safety.txt", "update.txt", "zero.txt",
    ];

    /// <summary>The directives of a file build on each other: a case is the file up to the one that it is about.</summary>
    private static IEnumerable<TestCaseData> Cases() =>
        from file in Files
        let all = DataDrivenFile.Read($"vectors/etcd-raft/confchange/{file}")
        from count in Enumerable.Range(1, all.Count)
        select new TestCaseData((IReadOnlyList<Directive>)[.. all.Take(count)]).SetArgDisplayNames(all[count - 1].ToString());

    [Test]
    public void All_58_cases_are_there() => Assert.That(Cases().Count(), Is.EqualTo(58));

    [TestCaseSource(nameof(Cases))]
    public void Configuration_change(IReadOnlyList<Directive> directives)
    {
        var current = Configuration.Empty;
        foreach (var earlier in directives.SkipLast(1))
        {
            current = Run(current, earlier).Configuration ?? current;
        }

        var result = Run(current, directives[^1]);

        // Lines after the first are the progress of replication, which is not a configuration's.
        Assert.That(result.Configuration?.ToString() ?? result.Error, Is.EqualTo(directives[^1].Expected[0]));
        Assert.That(result.Configuration is null, Is.EqualTo(result.Error is not null));
        Assert.That(result.Configuration?.FindFault(), Is.Null);
    }

    private static ConfigurationResult Run(Configuration current, Directive directive) => directive.Command switch
    {
        "simple" => ConfigurationChanger.Simple(current, Changes(directive)),
        "enter-joint" => ConfigurationChanger.EnterJoint(current, Changes(directive), directive.Value("autoleave") == "true"),
        "leave-joint" => ConfigurationChanger.LeaveJoint(current),
        _ => throw new FormatException($"{directive}: unknown command"),
    };

    /// <summary>etcd's <c>u</c> (update) changes no configuration and doesn't exist here.</summary>
    private static ReplicaChange[] Changes(Directive directive) =>
    [
        .. from line in directive.Input
           from word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
           where word[0] != 'u'
           select new ReplicaChange(Kind(word[0]), new(ulong.Parse(word[1..]))),
    ];

    private static ConfigurationChangeKind Kind(char letter) => letter switch
    {
        'v' => ConfigurationChangeKind.AddVoter,
        'l' => ConfigurationChangeKind.AddLearner,
        'r' => ConfigurationChangeKind.Remove,
        _ => throw new FormatException($"unknown change {letter}"),
    };
}
