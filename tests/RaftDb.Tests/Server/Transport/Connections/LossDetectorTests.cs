using RaftDb.Server.Transport.Connections;

namespace RaftDb.Tests.Server.Transport.Connections;

[TestFixture]
internal sealed class LossDetectorTests
{
    [Test]
    public void A_peer_that_was_never_seen_is_neither_lost_nor_gone()
    {
        LossDetector detector = new();
        Assert.That(
            new[] { detector.ProcessIsGone(), detector.VerdictTimedOut(), detector.Seen(1), detector.Connected(1) },
            Is.All.EqualTo(LossReport.None));
    }

    [Test]
    public void The_same_process_again_means_a_lost_connection_and_another_a_lost_process()
    {
        var same = Lost();
        var other = Lost();
        Assert.That((same.Connected(1), other.Connected(2)), Is.EqualTo((LossReport.ConnectionLost, LossReport.ProcessGone)));
    }

    [Test]
    public void A_refused_redial_means_a_lost_process_and_is_said_once()
    {
        var detector = Lost();
        Assert.That((detector.ProcessIsGone(), detector.ProcessIsGone()), Is.EqualTo((LossReport.ProcessGone, LossReport.None)));
        Assert.That((detector.VerdictTimedOut(), detector.Connected(2)), Is.EqualTo((LossReport.None, LossReport.None)));
    }

    [Test]
    public void No_verdict_in_time_means_a_lost_connection_and_a_later_refusal_still_a_lost_process()
    {
        var detector = Lost();
        Assert.That(
            (detector.VerdictTimedOut(), detector.VerdictTimedOut(), detector.ProcessIsGone()),
            Is.EqualTo((LossReport.ConnectionLost, LossReport.None, LossReport.ProcessGone)));
    }

    [Test]
    public void A_link_that_is_superseded_loses_nothing_unless_its_process_is_gone()
    {
        LossDetector kept = new();
        kept.Connected(1);
        kept.Superseded();
        LossDetector gone = new();
        gone.Connected(1);
        gone.Superseded();
        Assert.That((kept.Connected(1), gone.Connected(2)), Is.EqualTo((LossReport.None, LossReport.ProcessGone)));
    }

    [Test]
    public void A_second_link_is_no_loss_unless_the_other_side_had_lost_the_first()
    {
        LossDetector detector = new();
        detector.Connected(1);
        Assert.That((detector.Connected(1), detector.Connected(1, replaced: true)), Is.EqualTo((LossReport.None, LossReport.ConnectionLost)));
    }

    [Test]
    public void One_of_two_links_that_is_lost_counts_each_time_and_the_process_may_still_be_gone_later()
    {
        LossDetector detector = new();
        detector.Connected(1);
        detector.Connected(1);
        Assert.That(detector.OneOfTwoDisconnected(), Is.EqualTo(LossReport.ConnectionLost));
        detector.Disconnected();
        Assert.That(detector.ProcessIsGone(), Is.EqualTo(LossReport.ProcessGone));
    }

    private static LossDetector Lost()
    {
        LossDetector detector = new();
        detector.Connected(1);
        detector.Disconnected();
        Assert.That(detector.IsUndetermined, Is.True);
        return detector;
    }
}
