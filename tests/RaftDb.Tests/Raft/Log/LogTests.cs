using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Tests.Raft.Harness;
using static RaftDb.Tests.Raft.Harness.Inputs;

namespace RaftDb.Tests.Raft.Log;

internal sealed class LogTests
{
    private static LogIndex At(ulong index) => new(index);

    private static TermHistory History(ulong floor, ulong floorTerm, params ulong[] terms)
    {
        var history = new TermHistory(Position(floor, floorTerm), At(floor), []);
        foreach (ulong term in terms)
        {
            history.Append(history.Last.Next, new Term(term));
        }

        return history;
    }

    [TestCase(6ul, 9ul, 6ul, 5ul)]
    [TestCase(6ul, 4ul, 4ul, 2ul)]
    [TestCase(6ul, 2ul, 4ul, 2ul)]
    [TestCase(6ul, 1ul, 2ul, 1ul)]
    [TestCase(3ul, 2ul, 3ul, 2ul)]
    [TestCase(8ul, 2ul, 8ul, 0ul)]
    [TestCase(0ul, 0ul, 0ul, 0ul)]
    public void The_last_position_of_a_term_at_most_another_is_found_by_runs(ulong index, ulong term, ulong foundIndex, ulong foundTerm)
    {
        TermHistory history = History(0, 0, 1, 1, 2, 2, 5, 5);
        Assert.That(history.LastNotAfter(At(index), new Term(term)), Is.EqualTo(Position(foundIndex, foundTerm)));
    }

    [Test]
    public void Below_the_floor_terms_are_not_known()
    {
        TermHistory history = History(10, 4, 5, 5);
        Assert.That(history.LastNotAfter(At(12), new Term(4)), Is.EqualTo(Position(10, 4)));
        Assert.That(history.LastNotAfter(At(12), new Term(3)), Is.EqualTo(Position(9, 0)));
        Assert.That(history.LastNotAfter(At(7), new Term(3)), Is.EqualTo(Position(7, 0)));
        Assert.That(history.TryTermOf(At(9), out _), Is.False);
    }

    [Test]
    public void Term_runs_agree_with_a_plain_list_under_random_changes()
    {
        for (ulong seed = 1; seed <= 50; seed++)
        {
            var random = new Prng(seed);
            TermHistory history = History(0, 0);
            var model = new List<ulong> { 0 };
            ulong floor = 0;
            for (int i = 0; i < 300; i++)
            {
                ulong last = (ulong)model.Count - 1;
                switch (random.Next() % 8)
                {
                    case 0 when last > floor:
                        ulong cut = floor + 1 + (random.Next() % (last - floor));
                        history.CutFrom(At(cut));
                        model.RemoveRange((int)cut, (int)(last - cut) + 1);
                        break;
                    case 1 when last > floor:
                        floor += 1 + (random.Next() % (last - floor));
                        history.MoveFloor(Position(floor, model[(int)floor]));
                        break;
                    default:
                        model.Add(model[^1] + (random.Next() % 4 == 0 ? 1ul : 0));
                        history.Append(At((ulong)model.Count - 1), new Term(model[^1]));
                        break;
                }

                for (ulong index = 0; index < (ulong)model.Count + 2; index++)
                {
                    bool known = history.TryTermOf(At(index), out Term term);
                    Assert.That(known, Is.EqualTo(index >= floor && index < (ulong)model.Count), $"SEED={seed} index {index}");
                    Assert.That(!known || term.Value == model[(int)index], Is.True, $"SEED={seed} term of {index}");
                }

                Assert.That(history.LastTerm.Value, Is.EqualTo(model[^1]), $"SEED={seed}");
            }
        }
    }

    [Test]
    public void The_ring_agrees_with_a_plain_list_under_random_changes()
    {
        for (ulong seed = 1; seed <= 50; seed++)
        {
            var random = new Prng(seed);
            var ring = new EntryRing(At(1));
            var model = new List<Entry>();
            ulong first = 1;
            for (int i = 0; i < 500; i++)
            {
                switch (random.Next() % 10)
                {
                    case 0 when model.Count > 0:
                        int keep = (int)(random.Next() % (ulong)model.Count);
                        ring.CutFrom(At(first + (ulong)keep));
                        model.RemoveRange(keep, model.Count - keep);
                        break;
                    case 1 or 2 when model.Count > 0:
                        ring.DropFirst();
                        model.RemoveAt(0);
                        first++;
                        break;
                    default:
                        Entry entry = Command(1, first + (ulong)model.Count, new string('x', i % 7));
                        ring.Add(entry);
                        model.Add(entry);
                        break;
                }

                Assert.That(ring.Bytes, Is.EqualTo(model.Sum(e => (long)e.Size)), $"SEED={seed}");
                Assert.That(ring.First, Is.EqualTo(At(first)), $"SEED={seed}");
                var copy = new List<Entry>();
                if (model.Count > 0)
                {
                    ring.CopyTo(ring.First, ring.Count, copy);
                }

                Assert.That(copy, Is.EqualTo(model), $"SEED={seed}");
            }
        }
    }

    [Test]
    public void Memory_keeps_only_a_bounded_part_of_what_is_durable_and_the_rest_is_read_back()
    {
        TestGroup group = TestGroup.Led(3, new RaftOptions { EntryCacheBytes = 0, MaxAppendBytes = 100, MaxInflightBytes = 1000 });
        group.Isolate(3);
        for (int i = 0; i < 50; i++)
        {
            group.Propose(1, $"c{i}");
            group.Deliver();
        }

        group.Heal();
        group.RunSeconds(0.5);
        Assert.That(group[3].Applied, Is.EqualTo(At(51)));
        Assert.That(group[3].AppliedEntries.Select(e => e.Index.Value), Is.EqualTo(Enumerable.Range(1, 51).Select(i => (ulong)i)));
    }

    [Test]
    public void The_generator_gives_the_same_numbers_everywhere()
    {
        var random = new Prng(0);
        Assert.That(new[] { random.Next(), random.Next() }, Is.EqualTo(new[] { 0x99EC5F36CB75F2B4ul, 0xBF6E1F784956452Aul }));
        for (int i = 0; i < 1000; i++)
        {
            Assert.That(random.Below(TimeSpan.FromTicks(7)).Ticks, Is.InRange(0, 6));
        }
    }
}
