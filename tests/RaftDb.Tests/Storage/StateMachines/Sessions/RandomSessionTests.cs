using RaftDb.Raft.Log;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines.Sessions;

/// <summary>Random writes in sessions against a model, on replicas that differ in everything that must not matter: batches, restarts, checkpoints. Replay a failure with
/// RAFTDB_SEED=the printed number.</summary>
internal sealed class RandomSessionTests
{
    private const int Commands = 2500;

    [Test]
    public void Replicas_agree_with_each_other_and_with_the_model()
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        RandomSessions clients = new(seed);
        Entry[] log = [.. Enumerable.Range(1, Commands).Select(i => StateFixture.EntryOf((ulong)i, clients.Next()))];
        SessionModel model = new();
        CommandResult[] expected = [.. log.Select(e => model.Apply(CommandCodec.Decode(e.Data), e.Index.Value))];
        Assert.That((int[])[model.Executed, model.Repeated, model.Expired], Has.All.GreaterThan(20), $"SEED={seed}: otherwise this tests little");

        using StateFixture one = new();
        using StateFixture other = new(options: new() { PageBytes = 1024, WriterCacheBytes = 64 << 10, LayerBytes = 1 });
        List<CommandResult?> first = Drive(one, log, clients, most: 200, restarts: false);
        List<CommandResult?> second = Drive(other, log, clients, most: 7, restarts: true);
        for (int i = 0; i < log.Length; i++)
        {
            Assert.That(Show(first[i]!), Is.EqualTo(Show(expected[i])), $"SEED={seed} index {i + 1}: {first[i]!.Detail}");
            Assert.That(Show(second[i]!), Is.EqualTo(Show(expected[i])), $"SEED={seed} index {i + 1} with restarts: {second[i]!.Detail}");
        }

        Assert.That(one.State.ComputeDigest(default), Is.EqualTo(other.State.ComputeDigest(default)), $"SEED={seed}");
        Assert.That(one.State.Size, Is.EqualTo((model.Rows.Keys, model.Rows.Bytes)), $"SEED={seed}");
    }

    private static List<CommandResult?> Drive(StateFixture replica, Entry[] log, RandomSessions random, int most, bool restarts)
    {
        List<CommandResult?> results = [];
        for (int next = 0; next < log.Length;)
        {
            int count = Math.Min(1 + random.Below(most), log.Length - next);
            replica.State.Apply(log[next..(next + count)], [], results);
            next += count;
            if (restarts && random.Below(40) == 0)
            {
                replica.State.Checkpoint();
            }

            if (restarts && random.Below(60) == 0)
            {
                replica.Reopen();
            }
        }

        return results;
    }

    // The words of a refusal are not modelled.
    private static string Show(CommandResult result) =>
        result.Status <= CommandStatus.Rejected ? Convert.ToHexString(CommandResultCodec.Encode(result)) : result.Status.ToString();
}
