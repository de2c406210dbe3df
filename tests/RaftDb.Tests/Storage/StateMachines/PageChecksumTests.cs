using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Snapshots;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>What rots in a state file is noticed by whoever reads it, before it is taken for an answer.</summary>
internal sealed class PageChecksumTests
{
    private static readonly int PageBytes = new StateMachineOptions().PageBytes;
    private const int Keys = 2000;

    [Test]
    public void A_bit_flipped_in_any_page_but_the_first_never_leads_to_a_wrong_answer()
    {
        int seed = TestContext.CurrentContext.Random.Next();
        var dice = new Random(seed);
        using StateFixture state = Filled();
        string[] expected = Answers(state);
        state.State.Dispose();
        byte[] whole = File.ReadAllBytes(state.StatePath);
        int noticed = 0;
        for (int page = 1; page < whole.Length / PageBytes; page++)
        {
            byte[] rotten = [.. whole];
            int at = (page * PageBytes) + dice.Next(PageBytes);
            rotten[at] ^= (byte)(1 << dice.Next(8));
            File.WriteAllBytes(state.StatePath, rotten);
            try
            {
                state.Reopen();
                Assert.That(Answers(state), Is.EqualTo(expected), $"seed {seed}, byte {at}");
            }
            catch (Exception e) when (e is StorageRefusedException or StorageFailedException { IsDamage: true })
            {
                noticed++;
            }

            state.State.Dispose();
        }

        Assert.That(noticed, Is.GreaterThan(whole.Length / PageBytes / 2), "most pages hold rows");
    }

    [Test]
    public void A_page_that_stands_in_the_place_of_another_one_is_noticed()
    {
        using StateFixture state = Filled();
        state.State.Dispose();
        byte[] bytes = File.ReadAllBytes(state.StatePath);
        int pages = bytes.Length / PageBytes;
        bytes.AsSpan((pages - 1) * PageBytes, PageBytes).CopyTo(bytes.AsSpan((pages - 2) * PageBytes));
        File.WriteAllBytes(state.StatePath, bytes);
        state.Reopen();
        Assert.That(() => Answers(state), Throws.TypeOf<StorageFailedException>().With.Property("IsDamage").True);
    }

    [Test]
    public void A_copy_made_of_pages_in_the_wal_has_checksums_of_its_own()
    {
        using StateFixture source = Filled();
        for (int i = 0; i < Keys; i += 3)
        {
            source.Do(StateFixture.Put(Key(i), "later, and not written back"));
        }

        string copy = Path.Combine(Path.GetDirectoryName(source.StatePath)!, "copy.db");
        using (ISnapshotSource snapshot = source.State.BeginSnapshot())
        {
            byte[] bytes = new byte[snapshot.Header.Length];
            Assert.That(snapshot.Read(bytes, 0), Is.EqualTo(bytes.Length));
            File.WriteAllBytes(copy, bytes);
        }

        using (var sound = new SqliteDatabase(copy, SqliteAccess.Immutable))
        {
            Assert.That(sound.QueryText("SELECT count(*) FROM raftdb_kv WHERE value = x'" + Convert.ToHexString("later, and not written back"u8) + "'"), Is.EqualTo($"{(Keys + 2) / 3}"));
        }

        byte[] rotten = File.ReadAllBytes(copy);
        rotten[rotten.AsSpan().LastIndexOf("later"u8)] ^= 1;
        File.WriteAllBytes(copy, rotten);
        using var damaged = new SqliteDatabase(copy, SqliteAccess.Immutable);
        Assert.That(() => damaged.QueryText("SELECT sum(length(value)) FROM raftdb_kv"), Throws.TypeOf<StorageFailedException>().With.Property("IsDamage").True);
    }

    [Test]
    public void A_file_without_checksums_is_served_as_it_is_and_copied_without_any()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("raftdb-pages-").FullName, "old.db");
        try
        {
            using (var old = new SqliteDatabase(path, SqliteAccess.Create, hasChecksums: false))
            {
                old.Execute("CREATE TABLE t (a)");
                old.Execute("INSERT INTO t VALUES (1), (2)");
            }

            PageChecksums.Renew(path);
            using var again = new SqliteDatabase(path, SqliteAccess.ReadWrite);
            again.Execute("INSERT INTO t VALUES (3)");
            Assert.That(PageChecksums.AreIn(again), Is.False);
            Assert.That((again.QueryText("SELECT sum(a) FROM t"), again.QueryText("PRAGMA integrity_check")), Is.EqualTo(("6", "ok")));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    private static string Key(int i) => $"key-{i:0000}";

    private static StateFixture Filled()
    {
        StateFixture state = new();
        state.Do([.. Enumerable.Range(0, Keys).Select(i => StateFixture.Put(Key(i), $"value of {i}".PadRight(100)))]);
        Assert.That(state.State.Checkpoint(), Is.Not.Null);
        using var file = new SqliteDatabase(state.StatePath, SqliteAccess.ReadOnly);
        file.Execute("SELECT 1 FROM raftdb_meta");
        Assert.That(PageChecksums.AreIn(file), Is.True);
        return state;
    }

    /// <summary>All rows, asked one by one and by a scan.</summary>
    private static string[] Answers(StateFixture state)
    {
        using IReadView view = state.State.OpenReadView();
        List<string> answers = [];
        for (int i = 0; i < Keys; i++)
        {
            answers.Add(view.TryGet(StateFixture.Bytes(Key(i)), out Row row) ? $"{StateFixture.Text(row.Value)} {row.Version}" : "absent");
        }

        answers.Add($"{state.State.ComputeDigest(default)}");
        return [.. answers];
    }
}
