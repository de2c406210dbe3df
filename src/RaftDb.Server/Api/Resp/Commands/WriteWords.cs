using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>The options that all RDB.* writes share: ACK quorum|all|leader, SESSION id SEQUENCE n [ACKNOWLEDGED m], TIMEOUT ms.</summary>
internal struct WriteWords
{
    private SessionId _session;
    private ulong _sequence;
    private ulong _acknowledged;
    private bool _hasSession;

    /// <summary>When to answer.</summary>
    public AckMode Ack { get; private set; }

    /// <summary>How long the answer may take; 0 = as long as the node's option says.</summary>
    public int TimeoutMilliseconds { get; private set; }

    /// <summary>What makes it exactly once.</summary>
    public readonly SessionWrite? Session => _hasSession ? new(_session, _sequence, _acknowledged) : null;

    /// <summary>Takes the option at a place, and moves on behind it. False: what stands there is no such option, or (with <paramref name="problem"/>) a wrong one.</summary>
    public bool TryTake(in Request request, ref int i, out string? problem)
    {
        problem = null;
        ReadOnlySpan<byte> word = request[i];
        bool isKnown = word.Is("ACK"u8) || word.Is("SESSION"u8) || word.Is("SEQUENCE"u8) || word.Is("ACKNOWLEDGED"u8) || word.Is("TIMEOUT"u8);
        if (!isKnown)
        {
            return false;
        }

        if (i + 1 == request.Count)
        {
            problem = RespErrors.Syntax;
            return false;
        }

        ReadOnlySpan<byte> value = request[i + 1];
        i += 2;
        bool isRight = word.Is("ACK"u8) ? TakeAck(value)
            : word.Is("SESSION"u8) ? TakeSession(value)
            : word.Is("SEQUENCE"u8) ? SessionCommand.TrySequence(value, out _sequence) && _sequence > 0
            : word.Is("ACKNOWLEDGED"u8) ? SessionCommand.TrySequence(value, out _acknowledged)
            : TakeTimeout(value);
        problem = isRight ? null : $"ERR invalid {System.Text.Encoding.ASCII.GetString(word)}";
        return isRight;
    }

    /// <summary>What contradicts itself; null when nothing does.</summary>
    public readonly string? Problem() =>
        _hasSession && !new SessionWrite(_session, _sequence, _acknowledged).IsValid
            ? "ERR SESSION and SEQUENCE go together; a sequence is from 1, and the lowest one unanswered (ACKNOWLEDGED) is not above it"
            : !_hasSession && _sequence + _acknowledged > 0 ? "ERR SEQUENCE and ACKNOWLEDGED go with SESSION"
            : _hasSession && Ack == AckMode.Leader ? "ERR ACK leader is for writes outside of a session: what it answers may be lost, and then nothing could be repeated"
            : null;

    private bool TakeAck(ReadOnlySpan<byte> value)
    {
        Ack = value.Is("ALL"u8) ? AckMode.All : value.Is("LEADER"u8) ? AckMode.Leader : AckMode.Quorum;
        return Ack != AckMode.Quorum || value.Is("QUORUM"u8);
    }

    private bool TakeSession(ReadOnlySpan<byte> value)
    {
        _hasSession = SessionCommand.TryId(value, out _session);
        return _hasSession;
    }

    private bool TakeTimeout(ReadOnlySpan<byte> value)
    {
        bool isRight = TryTimeout(value, out int milliseconds);
        TimeoutMilliseconds = milliseconds;
        return isRight;
    }

    /// <summary>Reads how long an answer may take: a minute at most.</summary>
    public static bool TryTimeout(ReadOnlySpan<byte> text, out int milliseconds)
    {
        bool isRight = Integers.TryParse(text, out long number) && number is >= 1 and <= 60_000;
        milliseconds = isRight ? (int)number : 0;
        return isRight;
    }
}
