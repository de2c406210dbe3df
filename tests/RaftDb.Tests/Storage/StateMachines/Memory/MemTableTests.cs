using System.Text;
using RaftDb.Storage.StateMachines.Memory;

namespace RaftDb.Tests.Storage.StateMachines.Memory;

/// <summary>The table in memory against a model of it. Replay a failure with RAFTDB_SEED=the printed number.</summary>
internal sealed class MemTableTests
{
    [Test]
    public void Every_applied_index_shows_what_was_written_up_to_it_whatever_is_written_or_taken_back_later()
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        Random random = new(seed);
        MemTable table = new();
        List<SortedDictionary<string, string?>> history = [new(StringComparer.Ordinal)];
        for (ulong index = 1; index <= 300; index++)
        {
            SortedDictionary<string, string?> now = new(history[^1], StringComparer.Ordinal);
            if (random.Next(3) == 0)
            {
                table.Savepoint();
                Write(table, random, index, new(now, StringComparer.Ordinal));
                table.RollBack();
            }

            Write(table, random, index, now);
            history.Add(now);
        }

        for (int at = 0; at < history.Count; at++)
        {
            byte[] start = Key(random.Next(40));
            byte[]? end = random.Next(3) == 0 ? null : Key(random.Next(40));
            IEnumerable<KeyValuePair<string, string?>> rows = history[at].Where(r => string.CompareOrdinal(r.Key, Encoding.UTF8.GetString(start)) >= 0
                && (end is null || string.CompareOrdinal(r.Key, Encoding.UTF8.GetString(end)) < 0));
            Assert.That(Dump(new MemCursor(table, (ulong)at, start, end, isDescending: false)), Is.EqualTo(rows), $"SEED={seed} as of {at}");
            Assert.That(Dump(new MemCursor(table, (ulong)at, start, end, isDescending: true)), Is.EqualTo(rows.Reverse()), $"SEED={seed} as of {at}, downwards");
            foreach ((string key, string? value) in history[at])
            {
                Assert.That(table.TryFind(Encoding.UTF8.GetBytes(key), (ulong)at, out MemRow row), $"SEED={seed} {key} as of {at}");
                Assert.That(row.Exists ? Encoding.UTF8.GetString(table.Value(row)) : null, Is.EqualTo(value), $"SEED={seed} {key} as of {at}");
            }
        }
    }

    [Test]
    public void Readers_beside_the_writer_find_all_that_they_were_told_of()
    {
        const int Rows = 20_000;
        MemTable table = new();
        ulong told = 0;
        int wrong = 0;
        Thread reader = new(() =>
        {
            Random random = new(1);
            while (Volatile.Read(ref told) < Rows)
            {
                ulong asOf = Volatile.Read(ref told);
                MemCursor rows = new(table, asOf, [], null, isDescending: random.Next(2) == 0);
                ulong count = 0;
                while (rows.MoveNext())
                {
                    count++;
                }

                wrong += count == asOf ? 0 : 1;
            }
        });
        reader.Start();
        for (ulong index = 1; index <= Rows; index++)
        {
            table.Write(BitConverter.GetBytes(index * 0x9E3779B97F4A7C15), "value"u8, 1, index, 0, 0);
            Volatile.Write(ref told, index);
        }

        reader.Join();
        Assert.That(wrong, Is.Zero);
    }

    [Test]
    public void What_expires_is_known_by_its_newest_version()
    {
        MemTable table = new();
        table.Write("a"u8, "1"u8, 1, 1, 500, 0);
        table.Write("b"u8, "1"u8, 1, 2, 300, 0);
        table.Write("b"u8, "2"u8, 2, 3, 900, 0);
        table.Savepoint();
        table.Write("a"u8, default, 0, 4, 0, 0);
        Assert.That(Expiring(), Is.EqualTo("b@900"));
        table.RollBack();
        Assert.That(Expiring(), Is.EqualTo("a@500 b@900"));

        string Expiring() => string.Join(' ', table.Expiring.From((0, [])).Select(e => $"{Encoding.UTF8.GetString(e.Key)}@{e.Expiry}"));
    }

    [Test]
    public void Values_larger_than_a_chunk_of_memory_are_kept_whole()
    {
        MemTable table = new();
        byte[] large = new byte[3 << 20];
        new Random(1).NextBytes(large);
        table.Write("a"u8, large, 1, 1, 0, 0);
        table.Write("b"u8, "small"u8, 1, 2, 0, 0);
        table.Write("c"u8, large.AsSpan(0, 1 << 20), 1, 3, 0, 0);
        Assert.That(table.TryFind("a"u8, out MemRow a) && table.Value(a).SequenceEqual(large));
        Assert.That(table.TryFind("b"u8, out MemRow b) && table.Value(b).SequenceEqual("small"u8));
        Assert.That(table.TryFind("c"u8, out MemRow c) && table.Value(c).SequenceEqual(large.AsSpan(0, 1 << 20)));
    }

    [Test]
    public void Keys_come_in_order_whatever_they_share_and_however_long_they_are()
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        Random random = new(seed);
        byte[][] beginnings = [[], [0], "tenants/"u8.ToArray(), "tenants/0000/"u8.ToArray(), [.. Enumerable.Repeat((byte)0, 70)], [.. Enumerable.Repeat((byte)'x', 130)]];
        HashSet<string> keys = new(StringComparer.Ordinal);
        while (keys.Count < 3000)
        {
            // Few values of a byte, zero and the highest among them: many keys are the same up to a word's end, or where others end.
            byte[] rest = [.. Enumerable.Range(0, random.Next(20)).Select(_ => (byte)(random.Next(3) * 127.5))];
            byte[] key = [.. beginnings[random.Next(beginnings.Length)], .. rest];
            keys.Add(Convert.ToHexString(key));
        }

        MemTable table = new();
        ulong index = 0;
        foreach (string key in keys.OrderBy(_ => random.Next()))
        {
            table.Write(Convert.FromHexString(key), default, 1, ++index, 0, 0);
        }

        MemCursor rows = new(table, ulong.MaxValue, [], null, isDescending: false);
        List<string> found = [];
        while (rows.MoveNext())
        {
            found.Add(Convert.ToHexString(rows.Key));
        }

        Assert.That(found, Is.EqualTo(keys.Order(StringComparer.Ordinal)), $"SEED={seed}");
    }

    private static byte[] Key(int number) => Encoding.UTF8.GetBytes($"key-{number:00}");

    private static void Write(MemTable table, Random random, ulong index, SortedDictionary<string, string?> model)
    {
        for (int i = random.Next(4); i >= 0; i--)
        {
            byte[] key = Key(random.Next(40));
            string name = Encoding.UTF8.GetString(key);
            bool isThere = model.TryGetValue(name, out string? before) && before is not null;
            if (isThere && random.Next(3) == 0)
            {
                table.Write(key, default, 0, index, 0, 0);
                model[name] = null;
            }
            else
            {
                string value = $"{index}.{i}";
                table.Write(key, Encoding.UTF8.GetBytes(value), isThere ? 2UL : 1UL, index, random.Next(2) * 1000, 0);
                model[name] = value;
            }
        }
    }

    private static List<KeyValuePair<string, string?>> Dump(MemCursor cursor)
    {
        List<KeyValuePair<string, string?>> rows = [];
        while (cursor.MoveNext())
        {
            rows.Add(new(Encoding.UTF8.GetString(cursor.Key), cursor.Facts.Exists ? Encoding.UTF8.GetString(cursor.Value) : null));
        }

        return rows;
    }
}
