using RaftDb.Client.Sessions;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Client.Resp;

/// <summary>Sessions as clients keep them.</summary>
internal sealed class SessionKeeperTests
{
    [Test]
    public void An_id_of_the_client_tells_its_age_as_those_of_nodes_do()
    {
        string text = SessionKeeper.Mint(1_795_274_607_390);
        Assert.That(SessionId.TryParse(text, out SessionId id));
        Assert.That(id.MintedAt, Is.EqualTo(1_795_274_607_390));
        Assert.That(SessionKeeper.Mint(1_795_274_607_390), Is.Not.EqualTo(text));
    }

    [Test]
    public void The_mark_is_the_lowest_unanswered_number()
    {
        RangeSession session = new(SessionKeeper.Mint(1));
        for (ulong i = 1; i <= 5; i++)
        {
            Assert.That(Take(session)!.Sequence, Is.EqualTo(i));
        }

        session.Answered(2);
        session.Answered(3);
        Assert.That(session.Acknowledged, Is.EqualTo(1));
        session.Answered(1);
        Assert.That(session.Acknowledged, Is.EqualTo(4));
        session.Answered(5);
        session.Answered(4);
        Assert.That(session.Acknowledged, Is.EqualTo(6));
    }

    [Test]
    public void A_write_that_waits_for_long_makes_the_others_take_a_new_session()
    {
        RangeSession session = new(SessionKeeper.Mint(1));
        SessionTicket stuck = Take(session)!;
        ulong last = 1;
        while (Take(session) is { } ticket)
        {
            last = ticket.Sequence;
            session.Answered(ticket.Sequence);
            Assert.That(last, Is.LessThan(4096), "ranges keep no more answers than that");
        }

        Assert.That(session.Acknowledged, Is.EqualTo(1));
        session.Answered(stuck.Sequence);
        Assert.That(session.Acknowledged, Is.EqualTo(last + 1));
        Assert.That(Take(session), Is.Not.Null, "and when it is answered the session goes on");
    }

    private static SessionTicket? Take(RangeSession session) =>
        session.TryTake(TimeSpan.FromHours(1), TimeSpan.FromHours(1), out SessionTicket? ticket) ? ticket : null;
}
