using RaftDb.Server.Ids;
using RaftDb.Server.Ranges;
using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Server.Ids;

public sealed class UniqueIdsTests
{
    private string _directory = "";
    private SetClock _clock = new();

    [SetUp]
    public void SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("raftdb-ids-").FullName;
        _clock = new() { Milliseconds = UniqueIds.FirstMillisecond + 1_000_000 };
    }

    [TearDown]
    public void TearDown() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void An_id_is_milliseconds_node_and_sequence()
    {
        long id = Take(Ids(node: 5), 1)[0];
        Assert.That((id >> 22, (id >> 12) & 0x3ff, id & 0xfff), Is.EqualTo((1_000_000L, 5L, 0L)));
    }

    [Test]
    public void Ids_ascend_within_a_call_over_calls_and_through_a_used_up_millisecond()
    {
        UniqueIds ids = Ids();
        List<long> all = [];
        for (int i = 0; i < 5; i++)
        {
            all.AddRange(Take(ids, UniqueIds.MaxCount));
            all.AddRange(Take(ids, 3));
        }

        Assert.That(all, Is.Ordered.Ascending.And.Unique);
        Assert.That(all.Select(id => (id >> 12) & 0x3ff), Is.All.EqualTo(1));
    }

    [Test]
    public void A_clock_that_goes_back_gives_no_smaller_id()
    {
        UniqueIds ids = Ids();
        long before = Take(ids, 1)[0];
        _clock.Milliseconds -= 3_600_000;
        Assert.That(Take(ids, 1)[0], Is.GreaterThan(before));
        _clock.Milliseconds = 0;
        Assert.That(Take(ids, 1)[0], Is.GreaterThan(before + 1));
    }

    [Test]
    public void A_clock_that_goes_back_while_the_node_is_down_gives_no_smaller_id()
    {
        long before = Take(Ids(), UniqueIds.MaxCount)[^1];
        _clock.Milliseconds -= 3_600_000;
        long after = Take(Ids(), 1)[0];
        Assert.That(after, Is.GreaterThan(before));
        Assert.That(Take(Ids(), 1)[0], Is.GreaterThan(after), "and again");
    }

    [Test]
    public void After_a_restart_the_clock_is_caught_up_with()
    {
        Take(Ids(), 1);
        _clock.Milliseconds += 60_000;
        Assert.That(Take(Ids(), 1)[0] >> 22, Is.EqualTo(1_060_000));
    }

    [Test]
    public void Nodes_share_no_id()
    {
        UniqueIds one = Ids(node: 1);
        string other = Path.Combine(_directory, "other");
        UniqueIds two = new(new(2), new IdMark(new PosixDisk(other)), _clock);
        Assert.That(Take(one, 4096).Intersect(Take(two, 4096)), Is.Empty);
    }

    [Test]
    public void A_node_whose_id_does_not_fit_makes_none()
    {
        Assert.That(Ids(node: 1023).TryTake(new long[1]), Is.Null);
        Assert.That(Ids(node: 1024).TryTake(new long[1])?.Code, Is.EqualTo(ErrorCode.InvalidArgument));
    }

    [Test]
    public void Without_its_mark_the_node_does_not_guess()
    {
        Take(Ids(), 1);
        string file = Path.Combine(_directory, "ids");
        byte[] bytes = File.ReadAllBytes(file);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[i] ^= 0x10;
            File.WriteAllBytes(file, damaged);
            Assert.That(Ids().TryTake(new long[1])?.Code, Is.EqualTo(ErrorCode.Unavailable), $"byte {i}");
        }

        File.WriteAllBytes(file, bytes[..5]);
        Assert.That(Ids().TryTake(new long[1])?.Code, Is.EqualTo(ErrorCode.Unavailable));
    }

    [Test]
    public async Task Many_threads_share_no_id()
    {
        UniqueIds ids = Ids();
        long[][] all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 200).SelectMany(_ => Take(ids, 7)).ToArray())));
        Assert.That(all, Is.All.Ordered.Ascending);
        Assert.That(all.SelectMany(each => each).Distinct().Count(), Is.EqualTo(8 * 200 * 7));
    }

    private static long[] Take(UniqueIds ids, int count)
    {
        long[] taken = new long[count];
        Assert.That(ids.TryTake(taken), Is.Null);
        return taken;
    }

    private UniqueIds Ids(ulong node = 1) => new(new(node), new IdMark(new PosixDisk(_directory)), _clock);

    private sealed class SetClock : TimeProvider
    {
        public long Milliseconds { get; set; }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);
    }
}
