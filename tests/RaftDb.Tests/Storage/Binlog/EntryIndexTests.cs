using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Tests.Storage.Binlog;

public class EntryIndexTests
{
    [Test]
    public void It_behaves_like_a_dictionary_under_random_changes()
    {
        int seed = TestSeed.Draw();
        var dice = new Random(seed);
        var index = new EntryIndex();
        var model = new Dictionary<ulong, ulong>();
        for (int step = 0; step < 3000; step++)
        {
            ulong at = (ulong)dice.Next(1, 2000);
            if (dice.Next(3) > 0)
            {
                ulong position = (ulong)dice.NextInt64(1, long.MaxValue);
                Assert.That(index.Set(at, position, 100), Is.EqualTo(model.GetValueOrDefault(at)), $"RAFTDB_SEED={seed} step {step}");
                model[at] = position;
            }
            else
            {
                ulong to = at + (ulong)dice.Next(300);
                var gone = new List<ulong>();
                index.Clear(at, to, gone.Add);
                ulong[] expected = [.. model.Where(m => m.Key >= at && m.Key <= to).OrderBy(m => m.Key).Select(m => m.Value)];
                Assert.That(gone, Is.EqualTo(expected), $"RAFTDB_SEED={seed} step {step}");
                for (ulong i = at; i <= to; i++)
                {
                    model.Remove(i);
                }
            }
        }

        for (ulong i = 0; i < 2500; i++)
        {
            Assert.That(index[i], Is.EqualTo(model.GetValueOrDefault(i)), $"RAFTDB_SEED={seed} slot {i}");
        }
    }

    [Test]
    public void Term_runs_answer_for_every_entry_after_cuts_at_both_ends()
    {
        var runs = new TermRunList();
        for (ulong i = 1; i <= 30; i++)
        {
            runs.Append(new LogIndex(i), new Term(1 + (i / 10)));
        }

        runs.TruncateAfter(new LogIndex(25));
        runs.DropThrough(new LogIndex(12));
        Assert.That(runs.ToArray(), Is.EqualTo(new TermRun[] { new(new LogIndex(13), new Term(2)), new(new LogIndex(20), new Term(3)) }));
        Assert.That(runs.TermOf(new LogIndex(19)), Is.EqualTo(new Term(2)));
        Assert.That(runs.TermOf(new LogIndex(25)), Is.EqualTo(new Term(3)));
        Assert.That(() => runs.TermOf(new LogIndex(12)), Throws.TypeOf<InvariantBrokenException>());
    }
}
