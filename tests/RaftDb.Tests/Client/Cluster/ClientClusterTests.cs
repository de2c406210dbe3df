using System.Globalization;
using System.Text;
using RaftDb.Client;
using RaftDb.Client.Protocol;
using RaftDb.Tests.Server.Api.Resp;

namespace RaftDb.Tests.Client.Cluster;

/// <summary>The client against three whole nodes: four ranges, cut connections, changing leaders.</summary>
internal sealed class ClientClusterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private InProcessCluster _cluster = null!;
    private RaftDbClient _db = null!;
    private CancellationTokenSource _patience = null!;

    private CancellationToken Cancel => _patience.Token;

    [OneTimeSetUp]
    public async Task StartAsync() => _cluster = await InProcessCluster.StartAsync("g,n,t");

    [OneTimeTearDown]
    public async Task StopAsync() => await _cluster.DisposeAsync();

    [SetUp]
    public async Task ConnectAsync()
    {
        _patience = new(Patience);
        _db = await RaftDbClient.ConnectAsync(_cluster.Servers, new() { Timeout = TimeSpan.FromSeconds(60) }, Cancel);
    }

    [TearDown]
    public async Task DisconnectAsync()
    {
        await _db.DisposeAsync();
        _patience.Dispose();
    }

    [Test]
    public async Task Hundreds_of_pipelined_increments_are_each_done_once_through_cut_connections_and_changing_leaders()
    {
        const int Issued = 600;
        int seed = Random.Shared.Next();
        await TestContext.Out.WriteLineAsync($"SEED={seed}: what is cut when; the rest is up to the clock.");
        Random random = new(seed);
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task trouble = Task.Run(() => MakeTroubleAsync(random, enough.Token), Cancel);

        string[] counters = ["counter/a", "h/counter", "o/counter", "u/counter"];
        long[][] sums = await Task.WhenAll(counters.Select(async counter =>
        {
            using SemaphoreSlim depth = new(64);
            return await Task.WhenAll(Enumerable.Range(0, Issued / counters.Length).Select(async _ =>
            {
                await depth.WaitAsync(Cancel);
                try
                {
                    return (await _db.IncrementAsync(counter, 1, Cancel)).Value;
                }
                finally
                {
                    depth.Release();
                }
            }));
        }));
        await enough.CancelAsync();
        int cuts = await Quietly(trouble, () => _cuts);

        using (Assert.EnterMultipleScope())
        {
            foreach ((string counter, long[] answers) in counters.Zip(sums))
            {
                Entry? entry = await _db.GetAsync(counter, cancel: Cancel);
                Assert.That(Encoding.UTF8.GetString(entry!.Value.Span), Is.EqualTo((Issued / counters.Length).ToString(CultureInfo.InvariantCulture)), counter);
                Assert.That(answers.Order(), Is.EqualTo(Enumerable.Range(1, Issued / counters.Length).Select(i => (long)i)), $"{counter}: every increment was told its own sum");
            }

            Assert.That(cuts, Is.Positive);
        }
    }

    [Test]
    public async Task A_watcher_sees_every_change_once_and_in_order_while_leaders_change()
    {
        const int Writes = 60;
        List<WatchEvent> seen = [];
        string token = "";
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource first = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task watching = Task.Run(
            async () =>
            {
                try
                {
                    await foreach (WatchEvent change in _db.WatchAsync("w/", cancel: first.Token))
                    {
                        begun.TrySetResult();
                        if (change.Key.Bytes.Span.SequenceEqual("w/begin"u8))
                        {
                            continue;
                        }

                        seen.Add(change);
                        token = change.Token;
                        if (seen.Count == Writes / 2)
                        {
                            await first.CancelAsync();
                        }
                    }
                }
                catch (OperationCanceledException) when (first.IsCancellationRequested)
                {
                    // Half of it is seen: the other half is for one who comes later.
                }
            },
            Cancel);
        while (!begun.Task.IsCompleted)
        {
            await _db.PutAsync("w/begin", "x", cancel: Cancel);
            await Task.WhenAny(begun.Task, Task.Delay(50, Cancel));
        }

        for (int i = 0; i < Writes; i++)
        {
            await _db.PutAsync($"w/{i % 7}", $"{i}", cancel: Cancel);
            if (i % 20 == 10)
            {
                await InProcessCluster.TurnLeadersAsync(_db, Cancel);
            }
        }

        await watching;
        using CancellationTokenSource second = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await foreach (WatchEvent change in _db.WatchAsync("w/", token, second.Token))
        {
            seen.Add(change);
            if (seen.Count == Writes)
            {
                break;
            }
        }

        Assert.That(seen.Select(change => Encoding.UTF8.GetString(change.Value!.Value.Bytes.Span)), Is.EqualTo(Enumerable.Range(0, Writes).Select(i => $"{i}")));
    }

    [Test]
    public async Task A_token_that_is_too_old_is_compacted_with_the_first_index_there_is()
    {
        await _db.PutAsync("v/1", "x", cancel: Cancel);
        await foreach (WatchEvent _ in Begun(_db.WatchAsync("v/", cancel: Cancel)))
        {
            break;
        }

        RaftDbCompactedException failure = (await Assert.ThrowsAsync<RaftDbCompactedException>(async () =>
        {
            await foreach (WatchEvent _ in _db.WatchAsync("v/", "2:1,3:1,4:1,5:1", Cancel))
            {
                Assert.Fail("nothing is told of what is not kept");
            }
        }))!;
        Assert.That((failure.Code, failure.FirstIndex > 1), Is.EqualTo(("compacted", true)));
    }

    [Test]
    public async Task Batches_reads_and_scans_go_over_all_ranges()
    {
        string[] keys = [.. "agnt".SelectMany(first => Enumerable.Range(0, 50).Select(i => $"{first}batch{i:00}"))];
        WriteBatch batch = new();
        foreach (string key in keys)
        {
            batch.Put(key, key.ToUpperInvariant());
        }

        IReadOnlyList<BatchResult> written = await _db.BatchAsync(batch, cancel: Cancel);
        IReadOnlyList<Entry?> read = await _db.GetManyAsync([.. keys.Select(key => (Bytes)key), "absent"], cancel: Cancel);
        List<string> scanned = await Keys(_db.ScanAsync(new ScanOptions { Start = "abatch", PageSize = 7 }, Cancel), "batch");
        List<string> reversed = await Keys(_db.ScanAsync(new ScanOptions { Reverse = true, KeysOnly = true, PageSize = 9 }, Cancel), "batch");
        long[] ids = await _db.NextIdsAsync(100, Cancel);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(written.Select(result => result.Range).Distinct().Count(), Is.EqualTo(4));
            Assert.That(read.Take(keys.Length).Select(entry => Encoding.UTF8.GetString(entry!.Value.Span)), Is.EqualTo(keys.Select(key => key.ToUpperInvariant())));
            Assert.That(read[^1], Is.Null);
            Assert.That(scanned, Is.EqualTo(keys));
            Assert.That(reversed, Is.EqualTo(keys.Reverse()));
            Assert.That(ids, Is.Ordered.And.Unique);
        }

        Assert.That(await _db.DeleteRangeAsync("abatch", "zzz", Cancel), Is.AtLeast(keys.Length));
        Assert.That(await Keys(_db.ScanAsync(new ScanOptions { Start = "abatch" }, Cancel), "batch"), Is.Empty);
    }

    [TestCase("linearizable", null)]
    [TestCase("linearizable", "follower")]
    [TestCase("session", "any")]
    [TestCase("session", "follower")]
    public async Task What_was_written_is_read_at_any_replica(string consistency, string? replica)
    {
        HashSet<ulong?> nodes = [];
        for (int i = 0; i < 12; i++)
        {
            PutResult put = await _db.PutAsync("read/yours", $"{i}", cancel: Cancel);
            Entry entry = (await _db.GetAsync("read/yours", new ReadOptions { Consistency = consistency, Replica = replica }, Cancel))!;
            Assert.That(Encoding.UTF8.GetString(entry.Value.Span), Is.EqualTo($"{i}"));
            Assert.That(entry.Index, Is.AtLeast(put.Index));
            nodes.Add(entry.Node);
        }

        Assert.That(nodes, Has.Count.EqualTo(replica switch { null => 1, "follower" => 2, _ => 3 }), "reads are spread over the replicas that may serve them");
    }

    [Test]
    public async Task Awkward_keys_and_large_values_come_through()
    {
        byte[] key = [0, 13, 10, 0xFF, (byte)'$'];
        byte[] value = new byte[3 << 20];
        new Random(5).NextBytes(value);

        PutResult put = await _db.PutAsync(key, value, cancel: Cancel);
        RaftDbException refused = (await Assert.ThrowsAsync<RaftDbException>(() => _db.PutAsync(key, "x", new() { IfVersion = put.Version + 5 }, Cancel)))!;

        Assert.That((await _db.GetAsync(key, cancel: Cancel))!.Value.ToArray(), Is.EqualTo(value));
        Assert.That((refused.Code, refused.Version, refused.Index), Is.EqualTo(("condition_failed", (ulong?)put.Version, (ulong?)put.Index)));
        Assert.That((await _db.DeleteAsync(key, cancel: Cancel)).Deleted);
        Assert.That(await _db.GetAsync(key, cancel: Cancel), Is.Null);
    }

    [Test]
    public async Task A_connection_that_says_its_session_again_has_its_writes_done_once()
    {
        string session;
        using (RespClient first = await RespClient.ConnectAsync(_cluster.RespPort(1)))
        {
            session = (await first.AskAsync("RDB.SESSION NEW")).Split(' ')[1];
            await first.SendAsync("INCR resp/n\r\nINCR resp/n\r\nMSET resp/a 1 resp/b 2\r\nWATCH resp/n\r\nMULTI\r\nINCR resp/n\r\nGET resp/a\r\nEXEC\r\n");
            Assert.That(Answers(first, 8), Is.EqualTo(new[] { ":1", ":2", "+OK", "+OK", "+OK", "+QUEUED", "+QUEUED", "*2 :3 $1 1" }));
        }

        using RespClient second = await RespClient.ConnectAsync(_cluster.RespPort(2));
        Assert.That(await second.AskAsync($"RDB.SESSION {session} SEQUENCE 2"), Is.EqualTo("+OK"));
        await second.SendAsync("INCR resp/n\r\nMSET resp/a 1 resp/b 2\r\nWATCH resp/a\r\nMULTI\r\nINCR resp/n\r\nGET resp/a\r\n");
        Assert.That(Answers(second, 6), Is.EqualTo(new[] { ":2", "+OK", "+OK", "+OK", "+QUEUED", "+QUEUED" }));
        Assert.That(await second.AskAsync("DISCARD"), Is.EqualTo("+OK"));
        await second.SendAsync("MULTI\r\nINCR resp/n\r\nGET resp/a\r\nEXEC\r\n");
        string[] refused = Answers(second, 4);
        Assert.That(refused[3], Does.StartWith("-ERR").And.Contain("used for another request"), "what was watched is a part of the request");
        Assert.That(await second.AskAsync("INCR resp/n"), Is.EqualTo(":4"));
        Assert.That(await second.AskAsync("RDB.SESSION"), Is.EqualTo($"*3 $32 {session} :6 :2"));
    }

    private int _cuts;

    private async Task MakeTroubleAsync(Random random, CancellationToken stop)
    {
        for (int round = 0; ; round++)
        {
            _cluster.Proxies[random.Next(3)].Reset();
            _cuts++;
            await Task.Delay(random.Next(5, 40), stop);
            if (round % 10 == 5)
            {
                await InProcessCluster.TurnLeadersAsync(_db, stop);
            }
        }
    }

    private static string[] Answers(RespClient client, int count) => [.. Enumerable.Range(0, count).Select(_ => client.Read())];

    private static async Task<int> Quietly(Task task, Func<int> result)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }

        return result();
    }

    private async IAsyncEnumerable<WatchEvent> Begun(IAsyncEnumerable<WatchEvent> changes)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task writing = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await _db.PutAsync("v/again", "x", cancel: Cancel);
                    await Task.Delay(30, Cancel);
                }
            },
            Cancel);
        await foreach (WatchEvent change in changes)
        {
            await stop.CancelAsync();
            await writing;
            yield return change;
        }
    }

    private static async Task<List<string>> Keys(IAsyncEnumerable<ScanItem> items, string like)
    {
        List<string> keys = [];
        await foreach (ScanItem item in items)
        {
            string key = Encoding.UTF8.GetString(item.Key.Span);
            if (key.Contains(like, StringComparison.Ordinal))
            {
                keys.Add(key);
            }
        }

        return keys;
    }
}
