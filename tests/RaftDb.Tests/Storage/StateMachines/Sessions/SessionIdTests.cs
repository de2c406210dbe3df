using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Storage.StateMachines.Sessions;

internal sealed class SessionIdTests
{
    [Test]
    public void A_minted_id_tells_when_it_was_minted_and_reads_back_from_its_text()
    {
        SessionId id = SessionId.Mint(HybridTimestamp.Of(0x0123456789AB, 9), 0xFEDCBA9876543210);
        Assert.That(id.ToString(), Is.EqualTo("0123456789ab7d5bbfb72ea61d950c84"), "these ids live in clients and in logs");
        Assert.That(id.MintedAt, Is.EqualTo(0x0123456789AB));
        Assert.That(SessionId.TryParse(id.ToString(), out SessionId same), Is.True);
        Assert.That(same, Is.EqualTo(id));
        Assert.That(SessionId.TryParse("01234567-89AB-7D5B-BFB7-2EA61D950C84", out same), Is.True, "as a UUID is mostly written");
        Assert.That(same, Is.EqualTo(id));
        byte[] bytes = new byte[SessionId.Bytes];
        id.Write(bytes);
        Assert.That(Convert.ToHexStringLower(bytes), Is.EqualTo(id.ToString()));
        Assert.That(SessionId.Read(bytes), Is.EqualTo(id));
    }

    [TestCase("")]
    [TestCase("0123456789ab7d5bbfb72ea61d950c8")]
    [TestCase("0123456789ab7d5bbfb72ea61d950c841")]
    [TestCase("0123456789ab7d5bbfb72ea61d950cxx")]
    [TestCase(" 123456789ab7d5bbfb72ea61d950c84")]
    public void What_is_not_32_hex_digits_is_refused(string text) => Assert.That(SessionId.TryParse(text, out _), Is.False);

    [TestCase("00000000000000000000000000000000")]
    [TestCase("0123456789ab4d5bbfb72ea61d950c84")]
    [TestCase("0123456789ab7d5b3fb72ea61d950c84")]
    [TestCase("0123456789ab7d5abfb72ea61d950c84")]
    public void An_id_that_a_client_chose_tells_no_time(string text)
    {
        Assert.That(SessionId.TryParse(text, out SessionId id), Is.True);
        Assert.That(id.MintedAt, Is.Null);
        Assert.That(id.ToString(), Is.EqualTo(text));
    }
}
