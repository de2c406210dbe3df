using Microsoft.Data.Sqlite;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Digests;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Storage.StateMachines.Digests;

/// <summary>Digests of slices: cut by one replica, followed by the others, equal when the rows are, and different in the bucket where they are not.</summary>
internal sealed class SliceDigestTests
{
    private static readonly SliceQuery All = new() { From = default, BucketBytes = 100, SliceBytes = long.MaxValue };

    [Test]
    public void An_empty_range_is_one_empty_bucket()
    {
        using StateFixture state = new();
        SliceDigest digest = Digest(state, All);
        Assert.That((digest.Buckets.Count, digest.Keys, digest.End is null), Is.EqualTo((1, 0L, true)));
    }

    [Test]
    public void Slices_cover_all_rows_without_gap_or_overlap()
    {
        using StateFixture state = new();
        Fill(state, 100);
        long keys = 0;
        int slices = 0;
        ReadOnlyMemory<byte>? from = ReadOnlyMemory<byte>.Empty;
        while (from is { } start)
        {
            SliceDigest slice = Digest(state, new() { From = start, BucketBytes = 100, SliceBytes = 400 });
            Assert.That(slice.Buckets[0].Start.ToArray(), Is.EqualTo(start.ToArray()));
            Assert.That(slice.Buckets, Has.Count.InRange(1, 6));
            keys += slice.Keys;
            slices++;
            from = slice.End;
        }

        Assert.That((keys, slices > 3), Is.EqualTo((100L, true)));
    }

    [Test]
    public void Who_is_told_where_to_cut_gets_the_same_digests()
    {
        using StateFixture one = new();
        using StateFixture other = new();
        Fill(one, 100);
        Fill(other, 100);
        SliceDigest cut = Digest(one, All with { From = StateFixture.Bytes("key-010"), SliceBytes = 700 });
        SliceDigest followed = Digest(other, SliceQuery.Like(cut));
        Assert.That(cut.Buckets, Has.Count.GreaterThan(4));
        Assert.That(followed.Root(), Is.EqualTo(cut.Root()));
        Assert.That(followed.Buckets.Select(b => Convert.ToHexString(b.Hash.Span)), Is.EqualTo(cut.Buckets.Select(b => Convert.ToHexString(b.Hash.Span))));
    }

    [TestCase("UPDATE raftdb_kv SET value = x'00' WHERE key = (SELECT key FROM raftdb_kv ORDER BY key LIMIT 1 OFFSET 50)")]
    [TestCase("UPDATE raftdb_kv SET version = 7 WHERE key = (SELECT key FROM raftdb_kv ORDER BY key LIMIT 1 OFFSET 50)")]
    [TestCase("UPDATE raftdb_kv SET time = time + 1 WHERE key = (SELECT key FROM raftdb_kv ORDER BY key LIMIT 1 OFFSET 50)")]
    [TestCase("DELETE FROM raftdb_kv WHERE key = (SELECT key FROM raftdb_kv ORDER BY key LIMIT 1 OFFSET 50)")]
    public void A_row_that_was_changed_behind_the_log_shows_in_its_bucket_alone(string change)
    {
        using StateFixture good = new();
        using StateFixture bad = new();
        Fill(good, 100);
        Fill(bad, 100);
        string file = bad.StatePath;
        bad.State.Dispose();
        using (SqliteConnection connection = new($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = change;
            Assert.That(command.ExecuteNonQuery(), Is.EqualTo(1));
        }

        bad.Reopen();

        SliceDigest cut = Digest(good, All);
        SliceDigest followed = Digest(bad, SliceQuery.Like(cut));
        Assert.That(followed.Root(), Is.Not.EqualTo(cut.Root()));
        int[] different = [.. Enumerable.Range(0, cut.Buckets.Count).Where(i => !cut.Buckets[i].Hash.Span.SequenceEqual(followed.Buckets[i].Hash.Span))];
        Assert.That(different, Has.Length.EqualTo(1));
        string start = StateFixture.Text(cut.Buckets[different[0]].Start);
        string end = StateFixture.Text(cut.Buckets[different[0] + 1].Start);
        Assert.That(string.CompareOrdinal(start, "key-050") <= 0 && string.CompareOrdinal("key-050", end) < 0, $"{start} to {end}");
    }

    [Test]
    public void What_is_not_rows_shows_in_the_root()
    {
        using StateFixture one = new();
        using StateFixture other = new(end: "z");
        Assert.That(Digest(one, All).Root(), Is.Not.EqualTo(Digest(other, All).Root()));
    }

    [Test]
    public void Buckets_beyond_the_last_row_are_there_and_empty()
    {
        using StateFixture state = new();
        Fill(state, 2);
        SliceDigest digest = Digest(state, new() { From = default, Cuts = [StateFixture.Bytes("a"), StateFixture.Bytes("key-001"), StateFixture.Bytes("x")] });
        Assert.That(digest.Buckets.Select(b => b.Keys), Is.EqualTo((long[])[0, 1, 1, 0]));
    }

    [Test]
    public void A_sound_file_passes_and_a_damaged_one_is_told()
    {
        using StateFixture state = new();
        Fill(state, 2000);
        Assert.That(state.State.Checkpoint(), Is.Not.Null);
        using (IReadView view = state.State.OpenReadView())
        {
            Assert.That(view.CheckFile(), Is.Null);
        }

        state.State.Dispose();
        byte[] bytes = File.ReadAllBytes(state.StatePath);
        bytes.AsSpan(bytes.Length / 2, 4096).Fill(0x5A);
        File.WriteAllBytes(state.StatePath, bytes);
        File.Delete(state.StatePath + "-wal");
        state.Reopen();
        using IReadView damaged = state.State.OpenReadView();
        string? found = null;
        try
        {
            found = damaged.CheckFile();
        }
        catch (StorageFailedException e) when (e.IsDamage)
        {
            found = e.Message;
        }

        Assert.That(found, Is.Not.Null);
    }

    private static SliceDigest Digest(StateFixture state, SliceQuery query)
    {
        using IFrozenView view = state.Freeze();
        return view.DigestSlice(query, CancellationToken.None);
    }

    private static void Fill(StateFixture state, int keys)
    {
        for (int i = 0; i < keys; i++)
        {
            state.Do(StateFixture.Put($"key-{i:000}", $"value of {i}"));
        }
    }
}
