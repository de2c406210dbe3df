using RaftDb.Server.Ranges;

namespace RaftDb.Tests.Server.Ranges;

internal sealed class RepeatedWriteTests
{
    private static readonly WriteAnswer Done = new(new(1), new(2), default, true, null);

    [Test]
    public void A_doubtful_try_is_repeated_and_the_answer_of_the_next_one_counts()
    {
        RepeatedWrite tries = new();
        Outcome<WriteAnswer> first = tries.Tried(new RequestError(ErrorCode.OutcomeUnknown, "Lost."));
        Assert.That(first.Error!.Code, Is.EqualTo(ErrorCode.NotLeader), "so that the router looks for a leader again");
        Assert.That(tries.Ended(tries.Tried(Done)).Value, Is.SameAs(Done));
    }

    [TestCase(ErrorCode.Unavailable)]
    [TestCase(ErrorCode.Overloaded)]
    [TestCase(ErrorCode.NoSpace)]
    [TestCase(ErrorCode.RangeChanged)]
    public void After_a_doubtful_try_nobody_says_that_it_was_not_done(ErrorCode last)
    {
        RepeatedWrite tries = new();
        tries.Tried(new RequestError(ErrorCode.OutcomeUnknown, "Lost."));
        Assert.That(tries.Ended(tries.Tried(new RequestError(last, "Not this time."))).Error!.Code, Is.EqualTo(ErrorCode.OutcomeUnknown));
        Assert.That(new RepeatedWrite().Ended(new RequestError(last, "Not this time.")).Error!.Code, Is.EqualTo(last), "without doubt it is told as it is");
    }

    [TestCase(ErrorCode.SessionExpired)]
    [TestCase(ErrorCode.InvalidArgument)]
    public void What_the_session_says_is_told_as_it_is(ErrorCode last)
    {
        RepeatedWrite tries = new();
        tries.Tried(new RequestError(ErrorCode.OutcomeUnknown, "Lost."));
        Assert.That(tries.Ended(tries.Tried(new RequestError(last, "No."))).Error!.Code, Is.EqualTo(last));
    }
}
