using System.Text;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Server.Api.Resp;

/// <summary>What becomes of commands that come together.</summary>
public class RespPipelineTests
{
    [Test]
    public async Task Writes_that_come_together_are_one_entry_of_each_range_and_answered_in_their_order()
    {
        await using RespHost host = await RespHost.StartAsync();
        using RespClient client = await host.ConnectAsync();
        await client.SendAsync("SET a 1\r\nSET z 1\r\nINCR a\r\nDEL z a nope\r\nAPPEND z x\r\nSETNX b 1\r\n");
        Assert.That(Read(client, 6), Is.EqualTo(new[] { "+OK", "+OK", ":2", ":2", ":1", ":1" }));
        Assert.That(host.Router.Batches.Select(batch => batch.Items.Count), Is.EqualTo(new[] { 4, 4 }));
        Assert.That(host.Router.Batches.Select(batch => batch.Items.Select(item => item.Then[0].Kind)), Is.EquivalentTo(new[]
        {
            new[] { OperationKind.Put, OperationKind.Increment, OperationKind.Delete, OperationKind.Put },
            new[] { OperationKind.Put, OperationKind.Delete, OperationKind.Delete, OperationKind.Append },
        }));
    }

    [Test]
    public async Task A_read_between_writes_is_done_where_they_are_and_a_last_one_is_not()
    {
        await using RespHost host = await RespHost.StartAsync();
        using RespClient client = await host.ConnectAsync();
        await client.SendAsync("SET a 1\r\nGET a\r\nSET a 2\r\nMGET a b\r\nTTL a\r\nSET a 3 EX 5\r\nTTL a\r\nGET a\r\n");
        Assert.That(Read(client, 8), Is.EqualTo(new[] { "+OK", "$1 1", "+OK", "*2 $1 2 $-1", ":-1", "+OK", ":5", "$1 3" }));
        Assert.That(host.Router.Batches, Has.Count.EqualTo(1));
        Assert.That(host.Router.Batches[0].Items.Count(i => i.Then[0].Kind == OperationKind.Get), Is.EqualTo(4));
    }

    [Test]
    public async Task On_a_connection_that_reads_here_reads_stay_out_of_the_log()
    {
        await using RespHost host = await RespHost.StartAsync();
        using RespClient client = await host.ConnectAsync();
        await client.SendAsync("READONLY\r\nSET a 1\r\nGET a\r\nSET a 2\r\nGET a\r\n");
        Assert.That(Read(client, 5), Is.EqualTo(new[] { "+OK", "+OK", "$1 1", "+OK", "$1 2" }));
        Assert.That(host.Router.Batches.Select(b => b.Items.Count), Is.EqualTo(new[] { 1, 1 }));
        Assert.That(host.Router.LastRead!.Consistency, Is.EqualTo(Consistency.Session));
        Assert.That(host.Router.LastRead.Token.ToString(), Is.EqualTo("2:2"), "it reads its own writes");
        await client.SendAsync("READONLY BOUNDED 250\r\nGET a\r\n");
        Assert.That(Read(client, 2), Is.EqualTo(new[] { "+OK", "$1 2" }));
        Assert.That((host.Router.LastRead!.Consistency, host.Router.LastRead.MaxStaleness.TotalMilliseconds), Is.EqualTo((Consistency.Bounded, 250)));
    }

    [TestCase(nameof(ErrorCode.OutcomeUnknown), "-UNKNOWN words")]
    [TestCase(nameof(ErrorCode.Unavailable), "-UNAVAILABLE words")]
    [TestCase(nameof(ErrorCode.Overloaded), "-OVERLOADED words")]
    [TestCase(nameof(ErrorCode.RangeChanged), "-RANGECHANGED words")]
    [TestCase(nameof(ErrorCode.NoSpace), "-NOSPACE words")]
    [TestCase(nameof(ErrorCode.TooStale), "-TOOSTALE words")]
    public async Task A_range_that_fails_fails_its_own_commands_alone(string code, string expected)
    {
        await using RespHost host = await RespHost.StartAsync();
        host.Router.Failures[3] = new(Enum.Parse<ErrorCode>(code), "words");
        using RespClient client = await host.ConnectAsync();
        await client.SendAsync("SET a 1\r\nSET z 1\r\nDEL a z\r\nMGET a z\r\nGET a\r\nMULTI\r\nSET z 1\r\nEXEC\r\n");
        Assert.That(Read(client, 8), Is.EqualTo(new[] { "+OK", expected, expected, expected, "$-1", "+OK", "+QUEUED", expected }));
    }

    [Test]
    public async Task Commands_that_come_in_pieces_and_thousands_of_them_are_answered()
    {
        await using RespHost host = await RespHost.StartAsync(options: new RespSection { MaxPipelinedBytes = 4096 });
        using RespClient client = await host.ConnectAsync();
        byte[] value = Encoding.ASCII.GetBytes(new string('v', 3_000_000));
        byte[] set = RespClient.Command("SET"u8.ToArray(), "big"u8.ToArray(), value);
        Task sending = client.SendAsync(set);
        Assert.That(client.Read(), Is.EqualTo("+OK"));
        await sending;
        Assert.That(await client.AskAsync("GET big"), Is.EqualTo($"$3000000 {Encoding.ASCII.GetString(value)}"));
        foreach (byte part in RespClient.Command("INCR n"))
        {
            await client.SendAsync(new[] { part });
        }

        Assert.That(client.Read(), Is.EqualTo(":1"));
        sending = client.SendAsync(string.Concat(Enumerable.Repeat("INCR n\r\n", 20_000)));
        Assert.That(Read(client, 20_000), Is.EqualTo(Enumerable.Range(2, 20_000).Select(i => $":{i}")));
        await sending;
    }

    [Test]
    public async Task What_is_too_large_is_refused_with_words()
    {
        await using RespHost host = await RespHost.StartAsync();
        using RespClient client = await host.ConnectAsync();
        await client.SendAsync(RespClient.Command("SET"u8.ToArray(), new byte[4097], "v"u8.ToArray()));
        Assert.That(client.Read(), Does.StartWith("-TOOLARGE"));
        await client.SendAsync(RespClient.Command("GET"u8.ToArray(), new byte[4097]));
        Assert.That(client.Read(), Does.StartWith("-TOOLARGE"));
        Task sending = client.SendAsync(RespClient.Command("SET"u8.ToArray(), "k"u8.ToArray(), new byte[(8 << 20) + 1]));
        Assert.That(client.Read(), Does.StartWith("-TOOLARGE"));
        await sending;
        Assert.That(await client.AskAsync("PING"), Is.EqualTo("+PONG"));
    }

    [Test]
    public async Task A_scan_shows_every_key_once_and_goes_on_from_another_connection()
    {
        await using RespHost host = await RespHost.StartAsync();
        using RespClient one = await host.ConnectAsync();
        using RespClient two = await host.ConnectAsync();
        string[] keys = [.. Enumerable.Range(0, 26).Select(i => $"{(char)('a' + i)}key")];
        await one.SendAsync(string.Concat(keys.Select(key => $"SET {key} 1\r\n")));
        Read(one, keys.Length);
        List<string> found = [];
        string cursor = "0";
        int pages = 0;
        do
        {
            string[] answer = (await (pages++ % 2 == 0 ? one : two).AskAsync($"SCAN {cursor} COUNT 5")).Split(' ');
            cursor = answer[2];
            Assert.That(long.Parse(cursor), Is.LessThan(1L << 53), "clients may take it for a double");
            found.AddRange(answer.Skip(4).Where((_, i) => i % 2 == 1));
        }
        while (cursor != "0");
        Assert.That(found, Is.EqualTo(keys));
        Assert.That(pages, Is.InRange(6, 8));
    }

    private static string[] Read(RespClient client, int answers) => [.. Enumerable.Range(0, answers).Select(_ => client.Read())];
}
