using RaftDb.Raft.Log;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>Random commands against a model, on replicas that differ in everything that must not matter: how entries fall into batches, restarts, checkpoints,
/// a snapshot in between. Replay a failure with RAFTDB_SEED=the printed number.</summary>
public class RandomModelTests
{
    private const int Commands = 1500;

    [Test]
    public void Replicas_agree_with_each_other_and_with_the_model()
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        var commands = new RandomCommands(seed);
        Entry[] log = [.. Enumerable.Range(1, Commands).Select(i => StateFixture.EntryOf((ulong)i, commands.Next()))];

        using var one = new StateFixture();
        using var other = new StateFixture(options: new()
        {
            PageBytes = 1024,
            WriterCacheBytes = 64 << 10,
            MaxIdleReaders = 0,
            LayerBytes = 1,
            RowFactsFrom = 0,
            RowFactsSegmentSlots = 16,
            RowFactsBytesOfAll = 2 << 10,
        });
        var model = new KeyValueModel();
        CommandResult[] expected = [.. log.Select(e => model.Apply(CommandCodec.Decode(e.Data), e.Index.Value))];
        List<CommandResult?> first = Drive(one, log, commands, most: 200, restarts: false);
        List<CommandResult?> second = Drive(other, log, commands, most: 7, restarts: true);

        for (int i = 0; i < log.Length; i++)
        {
            Assert.That(Show(first[i]!), Is.EqualTo(Show(expected[i])), $"SEED={seed} index {i + 1}");
            Assert.That(Show(second[i]!), Is.EqualTo(Show(expected[i])), $"SEED={seed} index {i + 1} with restarts");
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Dump(one.State), Is.EqualTo(model.Dump()), $"SEED={seed}");
            Assert.That(one.State.ComputeDigest(default), Is.EqualTo(other.State.ComputeDigest(default)), $"SEED={seed}");
            Assert.That(one.State.Size, Is.EqualTo((model.Keys, model.Bytes)), $"SEED={seed}");
            Assert.That(other.State.Size, Is.EqualTo((model.Keys, model.Bytes)), $"SEED={seed}");
            Assert.That(one.State.EarliestExpiry?.Milliseconds ?? 0, Is.EqualTo(model.EarliestExpiry), $"SEED={seed}");
            Assert.That(other.State.EarliestExpiry?.Milliseconds ?? 0, Is.EqualTo(model.EarliestExpiry), $"SEED={seed}");
        }
    }

    [Test]
    public void A_digest_tells_states_apart_that_differ_in_one_row_or_in_the_time_of_one()
    {
        using var one = new StateFixture();
        using var other = new StateFixture();
        one.DoAt(1000, StateFixture.Put("k", "v"));
        other.DoAt(1001, StateFixture.Put("k", "v"));
        Assert.That(one.State.ComputeDigest(default).Hash, Is.Not.EqualTo(other.State.ComputeDigest(default).Hash));
        Assert.That(() => one.State.ComputeDigest(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
    }

    private static List<CommandResult?> Drive(StateFixture replica, Entry[] log, RandomCommands random, int most, bool restarts)
    {
        var results = new List<CommandResult?>();
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

    private static string Show(CommandResult result) => Convert.ToHexString(CommandResultCodec.Encode(result)) + result.Detail;

    private static string Dump(IStateMachine state)
    {
        using IReadView view = state.OpenReadView();
        return string.Join('\n', view.Scan(new(default, null, int.MaxValue, long.MaxValue, false, false)).Rows
            .Select(r => $"{StateFixture.Text(r.Key)}={StateFixture.Text(r.Value)} v{r.Version} i{r.Index} e{r.ExpiresAt}"));
    }
}
