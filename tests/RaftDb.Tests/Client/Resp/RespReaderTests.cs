using System.Buffers;
using System.Text;
using RaftDb.Client.Resp;

namespace RaftDb.Tests.Client.Resp;

/// <summary>How answers are read, whatever pieces they come in.</summary>
internal sealed class RespReaderTests
{
    private const string Everything = "*6\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*0\r\n+OK\r\n*2\r\n$0\r\n\r\n-ERR no\r\n";

    [Test]
    public void An_answer_is_read_whatever_pieces_it_comes_in()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Everything);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            ReadOnlySequence<byte> pieces = Pieces(bytes[..cut], bytes[cut..]);
            SequenceReader<byte> reader = new(pieces);
            Assert.That(RespReader.TryRead(ref reader, out RespValue value), $"cut at {cut}");
            Assert.That(reader.End);
            Assert.That(value[0].Integer, Is.EqualTo(-7));
            Assert.That(value[1].Text, Is.EqualTo("a\r\n"));
            Assert.That((value[2].IsNull, value[3].Items.Length, value[4].Text), Is.EqualTo((true, 0, "OK")));
            Assert.That((value[5][0].Bytes.Length, value[5][1].Error), Is.EqualTo((0, "ERR no")));
        }
    }

    [Test]
    public void A_part_of_an_answer_is_waited_for()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Everything);
        for (int length = 0; length < bytes.Length; length++)
        {
            SequenceReader<byte> reader = new(new ReadOnlySequence<byte>(bytes, 0, length));
            Assert.That(RespReader.TryRead(ref reader, out _), Is.False, $"{length} bytes");
        }
    }

    [TestCase("HTTP/1.1 400 Bad Request\r\n")]
    [TestCase(":seven\r\n")]
    [TestCase("$-2\r\n")]
    [TestCase("$99999999999\r\n")]
    [TestCase("*9999999\r\n")]
    [TestCase("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n")]
    [TestCase(":1\n")]
    public void What_is_no_answer_is_said_so(string text)
    {
        Assert.That(
            () =>
            {
                SequenceReader<byte> reader = new(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(text)));
                RespReader.TryRead(ref reader, out _);
            },
            Throws.TypeOf<UnexpectedAnswerException>());
    }

    [Test]
    public void A_command_is_an_array_of_bulk_strings_whatever_its_size()
    {
        using RespRequest request = new RespRequest("RDB.TXN"u8, 0).Add("PUT"u8).Add(new byte[5000]).Add(-12).Finish();
        string text = Encoding.Latin1.GetString(request.Bytes);
        Assert.That(text, Is.EqualTo($"*4\r\n$7\r\nRDB.TXN\r\n$3\r\nPUT\r\n$5000\r\n{new string('\0', 5000)}\r\n$3\r\n-12\r\n"));
    }

    [TestCase("CONDITIONFAILED The key's version is 3. [version=3 index=17]", "condition_failed", 3, 17)]
    [TestCase("UNAVAILABLE [so far] no quorum", "unavailable", null, null)]
    [TestCase("UNKNOWN who knows", "outcome_unknown", null, null)]
    [TestCase("SOMETHING new", "internal", null, null)]
    public void Errors_are_the_same_as_everywhere(string text, string code, int? version, int? index)
    {
        RaftDb.Client.RaftDbException failure = RespFailure.Read(text);
        Assert.That((failure.Code, failure.Version, failure.Index), Is.EqualTo((code, (ulong?)version, (ulong?)index)));
        Assert.That(failure.Message, Does.Not.Contain("version="));
    }

    private static ReadOnlySequence<byte> Pieces(byte[] first, byte[] second)
    {
        Piece begin = new(first, 0);
        Piece end = begin.Then(second);
        return new(begin, 0, end, second.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, long before)
        {
            Memory = bytes;
            RunningIndex = before;
        }

        public Piece Then(byte[] bytes)
        {
            Piece next = new(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
