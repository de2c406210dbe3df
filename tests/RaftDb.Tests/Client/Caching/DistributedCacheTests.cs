using System.Buffers;
using System.Text;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using RaftDb.Client;
using RaftDb.Client.Caching;
using RaftDb.Tests.Server.Hosting.Embedded;

namespace RaftDb.Tests.Client.Caching;

/// <summary>The distributed cache, against a node.</summary>
[NonParallelizable]
public sealed class DistributedCacheTests
{
    private static readonly DistributedCacheEntryOptions ForEver = new();

    private readonly StoppedClock _clock = new();
    private AppCluster _apps = null!;
    private ServiceProvider _services = null!;
    private IBufferDistributedCache _cache = null!;

    private RaftDbClient Client => _services.GetRequiredKeyedService<RaftDbClient>("cache");

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _apps = await AppCluster.StartAsync(1);
        ServiceCollection services = new();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(_clock);
        services.AddKeyedRaftDb("cache", o => o.Servers = _apps.Servers);
        services.AddRaftDbDistributedCache(o =>
        {
            o.ClientName = "cache";
            o.KeyPrefix = "c:";
        });
        _services = services.BuildServiceProvider();
        _cache = (IBufferDistributedCache)_services.GetRequiredService<IDistributedCache>();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _services.DisposeAsync();
        await _apps.DisposeAsync();
    }

    [TestCase("")]
    [TestCase("text")]
    [TestCase("\0\u00ff\r\n")]
    public async Task What_was_set_is_there_until_it_is_removed(string text)
    {
        byte[] content = Encoding.Latin1.GetBytes(text);
        Assert.That(await _cache.GetAsync("set"), Is.Null);
        await _cache.SetAsync("set", content, ForEver);
        Assert.That(await _cache.GetAsync("set"), Is.EqualTo(content));
        Assert.That(await Client.GetAsync("c:set"), Is.Not.Null, "under its prefix");
        await _cache.RemoveAsync("set");
        Assert.That(await _cache.GetAsync("set"), Is.Null);
        await _cache.RemoveAsync("set");
        await _cache.RefreshAsync("set");
    }

    [Test]
    public void Callers_that_wait_and_buffers_are_served_too()
    {
        byte[] first = [1, 2];
        byte[] second = [3];
        Segment end = new(second, 2);
        _cache.Set("buffer", new ReadOnlySequence<byte>(new Segment(first, 0) { Following = end }, 0, end, 1), ForEver);
        ArrayBufferWriter<byte> writer = new();
        Assert.That(_cache.TryGet("buffer", writer), Is.True);
        Assert.That(writer.WrittenSpan.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        _cache.Refresh("buffer");
        _cache.Remove("buffer");
        Assert.That(_cache.TryGet("buffer", writer), Is.False);
        Assert.That(_cache.Get("buffer"), Is.Null);
        _cache.Set("buffer", second, ForEver);
        Assert.That(_cache.Get("buffer"), Is.EqualTo(second));
    }

    [Test]
    public async Task An_entry_is_over_at_its_absolute_expiry_however_much_it_is_used()
    {
        await _cache.SetStringAsync("absolute", "x", new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1), SlidingExpiration = TimeSpan.FromMinutes(40) });
        _clock.Now += TimeSpan.FromMinutes(30);
        Assert.That(await _cache.GetStringAsync("absolute"), Is.EqualTo("x"));
        _clock.Now += TimeSpan.FromMinutes(29.9);
        Assert.That(await _cache.GetStringAsync("absolute"), Is.EqualTo("x"));
        _clock.Now += TimeSpan.FromMinutes(0.1);
        Assert.That(await _cache.GetStringAsync("absolute"), Is.Null);
        Assert.That(
            () => _cache.SetStringAsync("absolute", "x", new DistributedCacheEntryOptions { AbsoluteExpiration = _clock.Now }), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task The_cluster_removes_what_has_expired()
    {
        await _cache.SetStringAsync("short", "x", new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMilliseconds(100) });
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        while (await Client.GetAsync("c:short", cancel: patience.Token) is not null)
        {
            await Task.Delay(10, patience.Token);
        }

        Assert.That(await _cache.GetStringAsync("short", patience.Token), Is.Null);
    }

    [Test]
    public async Task Use_puts_a_sliding_expiry_off_but_not_every_use_is_a_write()
    {
        await _cache.SetStringAsync("sliding", "x", new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(8) });
        ulong version = (await Client.GetAsync("c:sliding"))!.Version;
        _clock.Now += TimeSpan.FromSeconds(59);
        Assert.That(await _cache.GetStringAsync("sliding"), Is.EqualTo("x"));
        Assert.That((await Client.GetAsync("c:sliding"))!.Version, Is.EqualTo(version), "an eighth was not over yet");
        _clock.Now += TimeSpan.FromSeconds(1);
        await _cache.RefreshAsync("sliding");
        Entry entry = (await Client.GetAsync("c:sliding"))!;
        Assert.That(entry.Version, Is.EqualTo(version + 1));
        Assert.That(CacheEntry.TryDecode(entry.Value.Span, out CacheEntry? written), Is.True);
        Assert.That(written!.Value.Refreshed, Is.EqualTo(_clock.Now.ToUnixTimeMilliseconds()));
        Assert.That(await _cache.GetStringAsync("sliding"), Is.EqualTo("x"));
    }

    [Test]
    public async Task A_key_that_the_cache_did_not_write_is_refused()
    {
        await Client.PutAsync("c:foreign", "something else");
        Assert.That(() => _cache.GetAsync("foreign"), Throws.InvalidOperationException.With.Message.Contains("'c:foreign'"));
    }

    private sealed class StoppedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long runningIndex) => (Memory, RunningIndex) = (memory, runningIndex);

        public Segment Following
        {
            init => Next = value;
        }
    }
}
