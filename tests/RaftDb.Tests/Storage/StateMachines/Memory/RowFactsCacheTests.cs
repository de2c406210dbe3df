using System.Text;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Memory;

namespace RaftDb.Tests.Storage.StateMachines.Memory;

/// <summary>What is known of rows without looking, against a model. Replay a failure with RAFTDB_SEED=the printed number.</summary>
internal sealed class RowFactsCacheTests
{
    [TestCase(16, 4, 500, Description = "Far too little room: rows push each other out.")]
    [TestCase(64, 1000, 5000, Description = "Room for all: segments are split.")]
    public void What_it_knows_of_a_row_is_what_was_said_last(int segmentSlots, int segments, int keys)
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        Random random = new(seed);
        MemoryBudget budget = new(segments * segmentSlots * RowFactsCache.SlotBytes);
        using RowFactsCache cache = new(budget, segmentSlots);
        cache.Keep(isLarge: true);
        RowFacts[] model = new RowFacts[keys];
        int found = 0;
        for (int round = 0; round < keys * 20; round++)
        {
            int key = random.Next(keys);
            switch (random.Next(8))
            {
                case 0:
                    model[key] = RowFacts.Absent;
                    cache.Remove(Key(key));
                    break;
                case 1:
                    TakeBack(cache, random, keys);
                    break;
                case < 5:
                    // Some expire, or have numbers that don't fit: those are not known afterwards, and not known as they were.
                    model[key] = new(
                        random.Next(50) == 0 ? ulong.MaxValue : (ulong)random.Next(1, 9), (ulong)random.NextInt64(1L << 40) << random.Next(20), random.Next(20) == 0 ? 7 : 0, random.Next(1000));
                    cache.Set(Key(key), model[key]);
                    break;
                default:
                    if (cache.TryFind(Key(key), out RowFacts facts))
                    {
                        found++;
                        Assert.That(facts, Is.EqualTo(model[key]), $"SEED={seed} round {round}");
                    }

                    break;
            }

            Assert.That(budget.Used, Is.EqualTo(cache.Bytes).And.AtMost(budget.Bytes));
        }

        Assert.That(found, Is.Positive);
    }

    [Test]
    public void With_room_it_knows_nearly_all_rows_and_without_as_many_as_it_holds()
    {
        const int Keys = 20_000;
        using RowFactsCache roomy = Filled(Keys, 1 << 20);
        Assert.That(Known(roomy, Keys), Is.AtLeast(Keys * 9 / 10));
        using RowFactsCache tight = Filled(Keys, 8 * 64 * RowFactsCache.SlotBytes);
        Assert.That(Known(tight, Keys), Is.InRange(8 * 64 * 9 / 10, 8 * 64));
    }

    [Test]
    public void A_range_that_is_not_large_takes_no_memory_and_one_that_was_gives_it_back()
    {
        MemoryBudget budget = new(1 << 20);
        using RowFactsCache cache = new(budget, 64);
        cache.Set("a"u8, new(1, 1, 0, 1));
        Assert.That((cache.TryFind("a"u8, out _), budget.Used), Is.EqualTo((false, 0L)));
        cache.Keep(isLarge: true);
        cache.Set("a"u8, new(1, 1, 0, 1));
        Assert.That((cache.TryFind("a"u8, out _), budget.Used), Is.EqualTo((true, 64L * RowFactsCache.SlotBytes)));
        cache.Keep(isLarge: true);
        Assert.That(cache.TryFind("a"u8, out _));
        cache.Keep(isLarge: false);
        Assert.That((cache.TryFind("a"u8, out _), budget.Used), Is.EqualTo((false, 0L)));
        cache.Keep(isLarge: true);
        Assert.That(cache.TryFind("a"u8, out _), Is.False);
    }

    private static void TakeBack(RowFactsCache cache, Random random, int keys)
    {
        cache.Savepoint();
        int[] touched = [.. Enumerable.Range(0, 3).Select(_ => random.Next(keys))];
        foreach (int key in touched)
        {
            cache.Set(Key(key), new(99, 99, 0, 99));
        }

        if (random.Next(2) == 0)
        {
            cache.Remove(Key(touched[0]));
        }

        cache.RollBack();
        Assert.That(touched.Any(key => cache.TryFind(Key(key), out _)), Is.False);
    }

    private static RowFactsCache Filled(int keys, long bytes)
    {
        RowFactsCache cache = new(new(bytes), 64);
        cache.Keep(isLarge: true);
        for (int key = 0; key < keys; key++)
        {
            cache.Set(Key(key), new(1, (ulong)key + 1, 0, 1));
        }

        return cache;
    }

    private static int Known(RowFactsCache cache, int keys) => Enumerable.Range(0, keys).Count(key => cache.TryFind(Key(key), out _));

    private static byte[] Key(int number) => Encoding.UTF8.GetBytes($"a/bench/{number:00000000}");
}
