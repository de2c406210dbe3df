using System.Text;
using RaftDb.Server.Api;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Server.Api;

/// <summary>A key is what follows /v1/kv/ on the wire, percent-decoded once.</summary>
internal sealed class KeyDecodingTests
{
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync();

    [OneTimeTearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [TestCase("/v1/kv/plain", "plain")]
    [TestCase("/v1/kv/a/b", "a/b")]
    [TestCase("/v1/kv/a%2Fb", "a/b")]
    [TestCase("/v1/kv/a%2fb", "a/b")]
    [TestCase("/v1/kv//", "/")]
    [TestCase("/v1/kv///a//", "//a//")]
    [TestCase("/v1/kv/..", "..")]
    [TestCase("/v1/kv/.", ".")]
    [TestCase("/v1/kv/a/../b", "a/../b")]
    [TestCase("/v1/kv/../../livez", "../../livez")]
    [TestCase("/v1/kv/%2e%2e", "..")]
    [TestCase("/v1/kv/a+b", "a+b")]
    [TestCase("/v1/kv/a%20b", "a b")]
    [TestCase("/v1/kv/%2525", "%25")]
    [TestCase("/v1/kv/a%3Fb", "a?b")]
    [TestCase("/v1/kv/a%23b", "a#b")]
    [TestCase("/v1/kv/a=b&c", "a=b&c")]
    [TestCase("/v1/kv/gr%C3%BC%C3%9Fe", "grüße")]
    [TestCase("/v1/kv/%F0%9F%98%80", "😀")]
    [TestCase("/v1/kv/v1/kv/x", "v1/kv/x")]
    [TestCase("http://localhost/v1/kv/a%2Fb", "a/b")]
    [TestCase("/v1/kv/?key=a%2Fb", "a/b")]
    public async Task A_key_is_its_raw_target_decoded_once(string target, string key) => await CheckAsync(target, Encoding.UTF8.GetBytes(key));

    [TestCase("/v1/kv/%FF", new byte[] { 0xFF })]
    [TestCase("/v1/kv/%fe%80", new byte[] { 0xFE, 0x80 })]
    [TestCase("/v1/kv/a%C0%AF", new byte[] { (byte)'a', 0xC0, 0xAF })]
    [TestCase("/v1/kv/%0D%0A", new byte[] { 13, 10 })]
    [TestCase("/v1/kv/?key=%00", new byte[] { 0 })]
    [TestCase("/v1/kv/?key=a%00%FF", new byte[] { (byte)'a', 0, 0xFF })]
    public async Task Keys_are_bytes_not_text(string target, byte[] key) => await CheckAsync(target, key);

    [TestCase("/v1/kv/")]
    [TestCase("/v1/kv/?ack=quorum")]
    [TestCase("/v1/kv/?key=")]
    public async Task An_empty_key_is_refused(string target)
    {
        RawAnswer answer = await _host.PutAsync(target, "v");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        Assert.That(answer.Detail, Is.EqualTo("The key is empty: a key has 1 to 4096 bytes."));
    }

    [TestCase("%")]
    [TestCase("%4")]
    [TestCase("a%zz")]
    [TestCase("%%41")]
    [TestCase("%-1")]
    [TestCase("% 1x")]
    [TestCase("%E")]
    public async Task A_bad_percent_sequence_is_refused(string key)
    {
        RawAnswer answer = await _host.GetAsync("/v1/kv/?key=" + key.Replace(" ", "+"));
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
        answer = await _host.GetAsync("/v1/kv/" + key.Replace(" ", "+"));
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
    }

    [Test]
    public async Task The_longest_key_fits_when_every_byte_is_encoded_and_one_more_is_too_large()
    {
        string longest = string.Concat(Enumerable.Repeat("%FE", 4096));
        Assert.That((await _host.PutAsync("/v1/kv/" + longest, "v")).Status, Is.EqualTo(200));
        RawAnswer answer = await _host.PutAsync("/v1/kv/a" + longest, "v");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((413, "too_large")));
    }

    [Test]
    public async Task The_web_server_refuses_a_zero_byte_in_the_path_before_we_see_it()
    {
        // This is why there is ?key=. When this fails, Kestrel has changed, and docs/http-api.md should say so.
        RawAnswer answer = await _host.GetAsync("/v1/kv/a%00b");
        Assert.That((answer.Status, answer.Body), Is.EqualTo((400, Array.Empty<byte>())));
    }

    [Test]
    public async Task A_key_named_twice_is_refused()
    {
        RawAnswer answer = await _host.GetAsync("/v1/kv/a?key=b");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
    }

    [Test]
    public async Task A_detour_to_a_key_is_not_a_key()
    {
        RawAnswer answer = await _host.GetAsync("/x/../v1/kv/a");
        Assert.That((answer.Status, answer.Code), Is.EqualTo((404, "not_found")));
        Assert.That(answer.Headers.ContainsKey("RaftDb-Range"), Is.False, "no read was made");
    }

    [Test]
    public void Decoding_undoes_encoding_for_random_bytes()
    {
        int seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"SEED={seed} (put it in place of Random.Shared.Next() to replay)");
        Random random = new(seed);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = new byte[random.Next(0, 40)];
            random.NextBytes(bytes);
            string text = string.Concat(bytes.Select(b => b is > 0x20 and < 0x7F and not (byte)'%' && random.Next(2) == 0
                ? ((char)b).ToString() : random.Next(2) == 0 ? $"%{b:X2}" : $"%{b:x2}"));
            Assert.That(PercentDecoder.TryDecode(text, out byte[]? decoded), Is.True, text);
            Assert.That(decoded, Is.EqualTo(bytes), text);
        }
    }

    [Test]
    public void What_is_not_ascii_stands_for_no_byte() => Assert.That(PercentDecoder.TryDecode("ü", out _), Is.False);

    private async Task CheckAsync(string target, byte[] key)
    {
        RawAnswer put = await _host.PutAsync(target, "value of " + target);
        Assert.That(put.Status, Is.EqualTo(200), () => string.Join("\n", [put.Text, .. _host.Log]));
        Operation operation = _host.Router.Writes[^1].Then.Single();
        Assert.That(operation.Key.ToArray(), Is.EqualTo(key));
        RawAnswer get = await _host.GetAsync(target);
        Assert.That((get.Status, get.Text), Is.EqualTo((200, "value of " + target)));
    }
}
