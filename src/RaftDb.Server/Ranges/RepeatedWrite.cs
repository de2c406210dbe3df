namespace RaftDb.Server.Ranges;

/// <summary>The tries of one write in a session. A try whose fate is not known is simply repeated: it is executed once. Only when the time is over is the doubt told.</summary>
internal sealed class RepeatedWrite
{
    private RequestError? _doubt;

    /// <summary>Turns a doubtful outcome into one after which another leader is looked for.</summary>
    public Outcome<WriteAnswer> Tried(Outcome<WriteAnswer> outcome)
    {
        if (outcome.Error is not { Code: ErrorCode.OutcomeUnknown } doubt)
        {
            return outcome;
        }

        _doubt = doubt;
        return new RequestError(ErrorCode.NotLeader, doubt.Detail);
    }

    /// <summary>What the last try shows of all of them: that it was not done itself says nothing of those before.</summary>
    public Outcome<WriteAnswer> Ended(Outcome<WriteAnswer> outcome) =>
        _doubt is not null && outcome.Error?.Code is ErrorCode.Unavailable or ErrorCode.NotLeader or ErrorCode.Overloaded or ErrorCode.NoSpace or ErrorCode.RangeChanged
            ? new RequestError(
                ErrorCode.OutcomeUnknown,
                $"{_doubt!.Detail} In a session the same request may be sent again with the same sequence number: it is executed once.")
            : outcome;
}
