using System.Buffers;
using RaftDb.Client.Caching;

namespace RaftDb.Tests.Client.Caching;

/// <summary>What a cached value begins with, and how long its key lives.</summary>
public sealed class CacheEntryTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(0x0000_0190_0000_0000);

    [Test]
    public void The_bytes_of_an_entry_stay_what_they_are()
    {
        byte[] bytes = new CacheEntry(0x0102, 0x0304, 0x0506).Encode(new ReadOnlySequence<byte>("xy"u8.ToArray()));
        Assert.That(Convert.ToHexString(bytes), Is.EqualTo("01" + "0000000000000102" + "0000000000000304" + "0000000000000506" + "7879"));
        Assert.That(CacheEntry.TryDecode(bytes, out CacheEntry? entry), Is.True);
        Assert.That(entry, Is.EqualTo(new CacheEntry(0x0102, 0x0304, 0x0506)));
        Assert.That(CacheEntry.TryDecode(bytes.AsSpan(0, 24), out _), Is.False);
        bytes[0] = 2;
        Assert.That(CacheEntry.TryDecode(bytes, out _), Is.False);
    }

    [Test]
    public void A_key_lives_until_what_comes_first_and_a_little_longer_unused()
    {
        DateTimeOffset later = Now + TimeSpan.FromMinutes(10);
        Assert.That(CacheEntry.From(new(), Now).TimeToLive(Now), Is.Null);
        Assert.That(CacheEntry.From(new() { AbsoluteExpiration = later }, Now).TimeToLive(Now), Is.EqualTo(TimeSpan.FromMinutes(10)));
        Assert.That(CacheEntry.From(new() { SlidingExpiration = TimeSpan.FromMinutes(8) }, Now).TimeToLive(Now), Is.EqualTo(TimeSpan.FromMinutes(9)));
        CacheEntry both = CacheEntry.From(new() { AbsoluteExpiration = later, SlidingExpiration = TimeSpan.FromMinutes(8) }, Now);
        Assert.That(both.TimeToLive(Now), Is.EqualTo(TimeSpan.FromMinutes(9)));
        Assert.That(both.TimeToLive(Now + TimeSpan.FromMinutes(7)), Is.EqualTo(TimeSpan.FromMinutes(3)));
        Assert.That(both.IsRefreshDue(Now + TimeSpan.FromSeconds(59)), Is.False);
        Assert.That(both.IsRefreshDue(Now + TimeSpan.FromSeconds(60)), Is.True);
        Assert.That((both.IsOver(later - TimeSpan.FromMilliseconds(1)), both.IsOver(later)), Is.EqualTo((false, true)));
    }
}
