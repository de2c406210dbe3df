using Microsoft.Extensions.Logging.Abstractions;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Tests.Server.Replicas;

namespace RaftDb.Tests.Server.Ranges.Checks;

/// <summary>A check of a range of one voter: there is nobody to compare it with, and SQLite has its say.</summary>
internal sealed class RangeCheckerTests
{
    [Test]
    public async Task A_sound_replica_passes_and_ends_an_earlier_alarm()
    {
        using ReplicaHarness node = new(1);
        TroubleBook book = Lead(node, out RangeChecker checker, out List<ReplicaId> quarantined);
        book.Alarm(ReplicaHarness.Range, "an earlier one");
        RangeCheck check = await CheckAsync(node, checker);
        Assert.That((check.Verdict, check.Detail), Is.EqualTo((CheckVerdicts.Equal, (string?)null)));
        Assert.That((check.Replicas.Single().Keys, check.Replicas.Single().Digest?.Length), Is.EqualTo((100, 64)));
        Assert.That(book.NotesOn(ReplicaHarness.Range), Is.Empty);
        Assert.That(quarantined, Is.Empty);
    }

    [Test]
    public async Task A_replica_that_does_not_answer_is_no_pass()
    {
        using ReplicaHarness node = new(1);
        TroubleBook book = Lead(node, out RangeChecker checker, out _);
        Task<ProposalOutcome> added = node.Replica!.ProposeChangeAsync(MembershipChanges.Add(new(2), new(9)));
        node.Pass();
        Assert.That(added.Result.Accepted, Is.EqualTo(1));
        book.Told(new(9), [new Trouble(ReplicaHarness.Range, new(2), "bad", true)]);
        RangeCheck learner = await CheckAsync(node, checker);
        Assert.That(learner.Verdict, Is.EqualTo(CheckVerdicts.Equal), "a learner is still being filled");

        node.Replica.Halt("a test");
        RangeCheck check = await CheckAsync(node, checker);
        Assert.That(check.Verdict, Is.EqualTo(CheckVerdicts.Incomplete));
        Assert.That(book.NotesOn(ReplicaHarness.Range).Single(), Does.StartWith("the last check was no pass (incomplete)"));
    }

    [Test]
    public async Task The_only_copy_is_not_quarantined_though_it_is_damaged()
    {
        using ReplicaHarness node = new(1);
        TroubleBook book = Lead(node, out RangeChecker checker, out List<ReplicaId> quarantined);
        Assert.That(node.Replica!.State.Machine.Checkpoint(), Is.Not.Null);
        string file = Path.Combine(node.Data, "ranges", "2", node.Replica.State.Machine.FileName);
        using (FileStream stream = new(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Position = stream.Length / 2;
            stream.Write(Enumerable.Repeat((byte)0x5A, 8192).ToArray());
        }

        RangeCheck check = await CheckAsync(node, checker);
        Assert.That(check.Verdict, Is.EqualTo(CheckVerdicts.Differs), check.Detail);
        Assert.That(check.Replicas.Single().Verdict, Is.EqualTo(CheckVerdicts.Damaged));
        Assert.That(check.Detail, Does.Contain("too few others are good"));
        Assert.That(quarantined, Is.Empty);
        Assert.That(book.NotesOn(ReplicaHarness.Range).Single(), Does.Contain("no pass"));
    }

    private static TroubleBook Lead(ReplicaHarness node, out RangeChecker checker, out List<ReplicaId> quarantined)
    {
        node.Lead();
        for (int i = 0; i < 100; i++)
        {
            byte[] key = System.Text.Encoding.UTF8.GetBytes($"key-{i:000}");
            node.Propose(CommandCodec.Encode(new TransactionCommand(default, 1, [], [Operation.Put(key, new byte[500])], [])));
        }

        LocalReplicas replicas = new();
        replicas.Add(node.Replica!);
        TroubleBook book = new(ReplicaHarness.Here, replicas, node);
        List<ReplicaId> put = quarantined = [];
        checker = new(
            ReplicaHarness.Here,
            book,
            new SliceService(replicas, node),
            node,
            (_, replica, _) =>
            {
                put.Add(replica);
                return Task.CompletedTask;
            },
            NullLogger.Instance);
        return book;
    }

    private static async Task<RangeCheck> CheckAsync(ReplicaHarness node, RangeChecker checker)
    {
        Task<RangeCheck> check = checker.CheckAsync(node.Replica!, _ => Task.CompletedTask, CancellationToken.None);
        await Until.TrueAsync(
            () =>
            {
                node.Pass();
                return check.IsCompleted;
            },
            "the end of the check");
        return await check;
    }
}
