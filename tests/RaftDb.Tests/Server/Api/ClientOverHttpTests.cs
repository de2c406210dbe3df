using RaftDb.Client;

namespace RaftDb.Tests.Server.Api;

/// <summary>The .NET client against the HTTP interface: both sides of the protocol must mean the same.</summary>
internal sealed class ClientOverHttpTests
{
    private static readonly byte[][] AwkwardKeys =
    [
        "plain"u8.ToArray(), "a/../b"u8.ToArray(), ".."u8.ToArray(), "//"u8.ToArray(), "a b+c%25?&=#"u8.ToArray(), "grüße😀"u8.ToArray(),
        [0], [0, (byte)'a', 0xFF], [0xFF, 0xFE], [(byte)'z', 10, 13],
    ];

    private ApiHost _host = null!;
    private RaftDbClient _client = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(new("m"));
        _client = await RaftDbClient.ConnectAsync($"127.0.0.1:{_host.Port}");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _client.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Awkward_keys_are_written_read_and_removed()
    {
        foreach (byte[] key in AwkwardKeys)
        {
            byte[] value = [.. key, 0, 0xFF];
            Assert.That((await _client.PutAsync(key, value)).Version, Is.EqualTo(1));
            Assert.That(_host.Router.Writes[^1].Then[0].Key.ToArray(), Is.EqualTo(key));
            Assert.That((await _client.GetAsync(key))!.Value.ToArray(), Is.EqualTo(value));
            Assert.That((await _client.DeleteAsync(key)).Deleted, Is.True);
            Assert.That(await _client.GetAsync(key), Is.Null);
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Awkward_keys_are_scanned_page_by_page(bool reverse)
    {
        foreach (byte[] key in AwkwardKeys)
        {
            await _client.PutAsync(key, key);
        }

        List<byte[]> keys = [];
        await foreach (ScanItem item in _client.ScanAsync(new ScanOptions { PageSize = 3, Reverse = reverse }))
        {
            Assert.That(item.Value.ToArray(), Is.EqualTo(item.Key.ToArray()));
            keys.Add(item.Key.ToArray());
        }

        List<byte[]> expected = [.. AwkwardKeys];
        expected.Sort((a, b) => a.AsSpan().SequenceCompareTo(b) * (reverse ? -1 : 1));
        Assert.That(keys, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_transaction_is_understood()
    {
        await _client.PutAsync("a", "1");
        TxnResult result = await _client.Txn().IfVersion("a", 1).IfExists("b", false)
            .Put("a", new byte[] { 0xFF }).Get("a").Increment("b", 5).Delete("c").CommitAsync();
        Assert.That((result.Succeeded, result.Results.Count), Is.EqualTo((true, 4)));
        Assert.That(result.Results[1].Value!.Value.Bytes.ToArray(), Is.EqualTo(new byte[] { 0xFF }));
        Assert.That((result.Results[0].Version, result.Results[3].Deleted), Is.EqualTo(((ulong?)2, (bool?)false)));
        result = await _client.Txn().IfVersion("a", 1).Put("a", "x").Else().Get("a").CommitAsync();
        Assert.That((result.Succeeded, result.Results.Single().Found), Is.EqualTo((false, (bool?)true)));
    }

    [Test]
    public async Task A_condition_that_fails_carries_the_present_version()
    {
        await _client.PutAsync("a", "1");
        RaftDbException failure = (await Assert.ThrowsAsync<RaftDbException>(async () => await _client.PutAsync("a", "2", new() { IfVersion = 7 })))!;
        Assert.That((failure.Code, failure.Version), Is.EqualTo(("condition_failed", (ulong?)1)));
    }

    [Test]
    public async Task Status_is_understood() =>
        Assert.That((await _client.StatusAsync()).Ranges.Single().End!.Value.Bytes.ToArray(), Is.EqualTo(new byte[] { 0xFF }));
}
