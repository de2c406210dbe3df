using System.Text;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Options;

namespace RaftDb.Tests.Server.Api.Resp;

public class RespParserTests
{
    private const int Rounds = 20_000;

    private static readonly RespSection Limits = new() { MaxArguments = 64, MaxBulkBytes = 1024, MaxCommandBytes = 4096, MaxInlineBytes = 256 };

    [TestCase("*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\na\\r\\n", "GET|a")]
    [TestCase("PING\\r\\n  PING  two \\n", "PING PING|two")]
    [TestCase("\\r\\n*0\\r\\n*-1\\r\\n*1\\r\\n$1\\r\\nx\\r\\n", "x")]
    [TestCase("SET a \"b \\x5cx41\\x5cn\" 'c \\x5c'd'\\r\\n", "SET|a|b A\n|c 'd")]
    [TestCase("a\"b c\" ''\\r\\n", "ab c|")]
    [TestCase("*1\\r\\n$4\\r\\nPI", "")]
    public void Commands_are_found(string escaped, string expected) => Assert.That(Parse(Corpus.Unescape(escaped)), Is.EqualTo(expected));

    [TestCase("*x\\r\\n", "invalid multibulk length")]
    [TestCase("*65\\r\\n", "invalid multibulk length")]
    [TestCase("*99999999999999999999999999999999", "too big multibulk count string")]
    [TestCase("*1\\r\\nGET\\r\\n", "expected '$', got 'G'")]
    [TestCase("*1\\r\\n\\x00", "expected '$', got '?'")]
    [TestCase("*1\\r\\n$-1\\r\\n", "invalid bulk length")]
    [TestCase("*1\\r\\n$1025\\r\\n", "invalid bulk length")]
    [TestCase("*1\\r\\n$4\\r\\nPINGxx", "expected CRLF after a bulk string")]
    [TestCase("SET a \"open\\r\\n", "unbalanced quotes in request")]
    [TestCase("SET a \"b\"c\\r\\n", "unbalanced quotes in request")]
    public void What_is_not_the_protocol_is_told(string escaped, string problem) => Assert.That(Parse(Corpus.Unescape(escaped)), Is.EqualTo($"!{problem}"));

    [Test]
    public void A_line_without_an_end_is_refused_before_it_grows()
    {
        Assert.That(Parse(new byte[257]), Is.EqualTo("!too big inline request"));
        Assert.That(Parse(Encoding.ASCII.GetBytes(new string('a', 257) + "\r\n")), Is.EqualTo("!too big inline request"));
    }

    [Test]
    public void A_command_is_refused_when_its_arguments_are_too_large_together()
    {
        string argument = $"$1024\r\n{new string('a', 1024)}\r\n";
        Assert.That(Parse(Encoding.ASCII.GetBytes($"*5\r\n{argument}{argument}{argument}{argument}{argument}")), Is.EqualTo("!too big request"));
    }

    /// <summary>Replay a failure with RAFTDB_SEED=the printed number.</summary>
    [Test]
    public void Whatever_comes_and_however_it_is_cut_the_parser_finds_the_same_and_never_fails()
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        Random random = new(seed);
        int complete = 0;
        int broken = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] stream = RespFuzz.Stream(random);
            string whole = Parse(stream);
            string pieces = ParseInPieces(stream, random);
            Assert.That(pieces, Is.EqualTo(whole), $"SEED={seed} round {round}: {Convert.ToHexString(stream)}");
            broken += whole.Contains('!', StringComparison.Ordinal) ? 1 : 0;
            complete += whole.Length > 0 && whole[0] != '!' ? 1 : 0;
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(complete, Is.GreaterThan(Rounds / 10), "streams with commands in them");
            Assert.That(broken, Is.GreaterThan(Rounds / 10), "streams that are not the protocol");
        }
    }

    /// <summary>The commands of a stream: arguments joined by |, commands by blanks; then ! and what is wrong.</summary>
    private static string Parse(byte[] stream)
    {
        RespParser parser = new(Limits);
        StringBuilder found = new();
        byte[] copy = [.. stream];
        ParseAll(parser, copy, found);
        return found.ToString();
    }

    private static string ParseInPieces(byte[] stream, Random random)
    {
        RespParser parser = new(Limits);
        StringBuilder found = new();
        byte[] held = [];
        int at = 0;
        while (at < stream.Length)
        {
            int length = Math.Min(random.Next(1, 12), stream.Length - at);
            held = [.. held, .. stream.AsSpan(at, length)];
            at += length;
            if (!ParseAll(parser, held, found))
            {
                break;
            }

            held = held[parser.Consumed..];
            parser.Shift();
        }

        return found.ToString();
    }

    /// <summary>False when the stream is broken.</summary>
    private static bool ParseAll(RespParser parser, byte[] bytes, StringBuilder found)
    {
        List<Argument> arguments = [];
        while (true)
        {
            int before = parser.Position;
            ParseStatus status = parser.Next(bytes, arguments);
            Assert.That(parser.Position, Is.InRange(before, bytes.Length));
            Assert.That(parser.Consumed, Is.InRange(0, parser.Position));
            if (status == ParseStatus.Incomplete)
            {
                return true;
            }

            if (status == ParseStatus.Broken)
            {
                found.Append('!').Append(parser.Problem);
                return false;
            }

            // A line of problems alone begins with '!', so a command of that name would be mistaken for one: it can't be told apart here, nor need it.
            found.Append(found.Length > 0 ? " " : "").AppendJoin('|', arguments.Select(a => Encoding.Latin1.GetString(bytes, a.Start, a.Length)));
            arguments.Clear();
        }
    }
}
