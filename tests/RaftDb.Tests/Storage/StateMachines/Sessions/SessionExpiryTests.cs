using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Storage.StateMachines.Sessions;

/// <summary>Sessions end by the log's time, and what was executed under an ended one is never executed again, however much later the repetition comes.</summary>
internal sealed class SessionExpiryTests
{
    private SessionFixture _sessions = null!;

    [SetUp]
    public void SetUp() => _sessions = new();

    [TearDown]
    public void TearDown() => _sessions.Dispose();

    [Test]
    public void An_unused_session_ends_and_a_used_one_does_not()
    {
        _sessions.Increment(SessionFixture.Minted, 1);
        _sessions.Increment(SessionFixture.Chosen, 1);
        _sessions.Now += SessionFixture.Hour / 2;
        _sessions.Increment(SessionFixture.Chosen, 2);
        _sessions.Now += SessionFixture.Hour / 2;
        Assert.That(_sessions.State.State.EarliestSessionUse?.Milliseconds, Is.EqualTo(SessionFixture.Start));
        CommandResult expired = _sessions.Expire();
        Assert.That((expired.Results[0].Count, expired.Results[0].More), Is.EqualTo((1, false)));
        Assert.That(_sessions.State.State.EarliestSessionUse?.Milliseconds, Is.EqualTo(SessionFixture.Start + (SessionFixture.Hour / 2)));
        Assert.That(_sessions.Increment(SessionFixture.Minted, 1).Status, Is.EqualTo(CommandStatus.SessionExpired));
        Assert.That(_sessions.Increment(SessionFixture.Minted, 2).Status, Is.EqualTo(CommandStatus.SessionExpired), "a new write neither");
        Assert.That(_sessions.Increment(SessionFixture.Chosen, 3).Status, Is.EqualTo(CommandStatus.Done));
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("4"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Nothing_is_executed_twice_at_any_later_time(bool minted)
    {
        SessionId session = minted ? SessionFixture.Minted : SessionFixture.Chosen;
        _sessions.Increment(session, 1);
        for (int hours = 1; hours < 60; hours++)
        {
            _sessions.Now = SessionFixture.Start + (hours * SessionFixture.Hour);
            _sessions.Expire();
            Assert.That(_sessions.Increment(session, 1).Status, Is.EqualTo(CommandStatus.SessionExpired), $"after {hours} hours");
            if (hours % 7 == 0)
            {
                _sessions.State.Reopen();
            }
        }

        Assert.That(_sessions.State.Value("n"), Is.EqualTo("1"));
    }

    [Test]
    public void An_id_that_is_too_old_is_not_opened_and_a_session_in_use_may_be_older()
    {
        _sessions.Increment(SessionFixture.Minted, 1);
        for (int hours = 1; hours < 30; hours++)
        {
            _sessions.Now = SessionFixture.Start + (hours * SessionFixture.Hour);
            Assert.That(_sessions.Increment(SessionFixture.Minted, (ulong)hours + 1).Status, Is.EqualTo(CommandStatus.Done));
        }

        SessionId old = SessionId.Mint(HybridTimestamp.Of(_sessions.Now - SessionRules.OpeningMilliseconds, 0), 5);
        SessionId younger = SessionId.Mint(HybridTimestamp.Of(_sessions.Now - SessionRules.OpeningMilliseconds + 1, 0), 5);
        Assert.That(_sessions.Increment(old, 1).Status, Is.EqualTo(CommandStatus.SessionExpired));
        Assert.That(_sessions.Increment(younger, 1).Status, Is.EqualTo(CommandStatus.Done));
    }

    [Test]
    public void An_id_of_the_far_future_is_taken_for_one_that_a_client_chose()
    {
        SessionId future = SessionId.Mint(HybridTimestamp.Of(SessionFixture.Start + SessionRules.OpeningMilliseconds + 1, 0), 5);
        _sessions.Increment(future, 1);
        _sessions.Now += SessionFixture.Hour;
        _sessions.Expire();
        _sessions.Now += 100 * SessionFixture.Hour;
        _sessions.Expire();
        Assert.That(_sessions.Increment(future, 1).Status, Is.EqualTo(CommandStatus.SessionExpired));
        Assert.That(_sessions.State.Value("n"), Is.EqualTo("1"));
    }

    [Test]
    public void Ended_sessions_are_forgotten_when_their_ids_are_too_old_to_be_opened()
    {
        for (ulong i = 1; i <= 30; i++)
        {
            _sessions.Increment(SessionId.Mint(HybridTimestamp.Of(SessionFixture.Start, 0), i << 2), 1);
        }

        _sessions.Now += SessionFixture.Hour;
        CommandResult first = _sessions.Expire(limit: 20);
        Assert.That((first.Results[0].Count, first.Results[0].More), Is.EqualTo((20, true)));
        Assert.That((_sessions.Expire(limit: 20).Results[0].Count, _sessions.State.State.EarliestSessionUse), Is.EqualTo((10, (HybridTimestamp?)null)));
        string before = _sessions.State.State.ComputeDigest(default).Hash;
        _sessions.Now = SessionFixture.Start + SessionRules.OpeningMilliseconds;
        _sessions.Expire();
        Assert.That(_sessions.State.State.ComputeDigest(default).Hash, Is.Not.EqualTo(before));
        Assert.That(Sessions(_sessions), Is.Zero);
    }

    [Test]
    public void An_expiry_without_sense_is_rejected() => Assert.That(_sessions.Expire(limit: 0).Status, Is.EqualTo(CommandStatus.Rejected));

    private static int Sessions(SessionFixture sessions)
    {
        sessions.State.State.OpenReadView().Dispose();
        using RaftDb.Storage.StateMachines.Sqlite.SqliteDatabase database =
            new(sessions.State.StatePath, RaftDb.Storage.StateMachines.Sqlite.SqliteAccess.ReadOnly);
        return int.Parse(database.QueryText("SELECT count(*) FROM raftdb_sessions")!, System.Globalization.CultureInfo.InvariantCulture);
    }
}
