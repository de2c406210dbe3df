using System.Diagnostics.CodeAnalysis;
using System.Text;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>RDB.SESSION [id | NEW [SEQUENCE n] [ACKNOWLEDGED m]] | OFF: what makes the writes of a connection safe to repeat.</summary>
internal static class SessionCommand
{
    private const string NotASession = "ERR a session is 32 hex digits: take what RDB.SESSION NEW or POST /v1/sessions answers";
    private const string NotANumber = "ERR a sequence is a number from 1, and the lowest one unanswered is not above it";

    public static IEnumerable<RespCommand> All => [new LocalCommand("RDB.SESSION", -1, Run) { Summary = "Makes the writes of this connection safe to repeat." }];

    /// <summary>Reads a session's id: 32 hex digits, or its 16 bytes.</summary>
    public static bool TryId(ReadOnlySpan<byte> text, out SessionId id)
    {
        if (text.Length == SessionId.Bytes)
        {
            id = SessionId.Read(text);
            return true;
        }

        id = default;
        return text.Length is >= 2 * SessionId.Bytes and <= 36 && SessionId.TryParse(Encoding.ASCII.GetString(text), out id);
    }

    /// <summary>Reads a sequence number, or a mark.</summary>
    public static bool TrySequence(ReadOnlySpan<byte> text, out ulong number)
    {
        bool isNumber = Integers.TryParse(text, out long signed) && signed >= 0;
        number = isNumber ? (ulong)signed : 0;
        return isNumber;
    }

    private static void Run(RespSession session, in Request request)
    {
        if (request.Count == 1)
        {
            Tell(session);
            return;
        }

        if (request.Count == 2 && request[1].Is("OFF"u8))
        {
            session.Writes = null;
            session.Writer.Ok();
            return;
        }

        bool isNew = request[1].Is("NEW"u8);
        SessionId id = isNew ? session.Services.Router.MintSession() : default;
        if (!isNew && !TryId(request[1], out id))
        {
            session.Writer.Error(NotASession);
        }
        else if (Numbers(request, out ulong sequence, out ulong acknowledged) is { } wrong)
        {
            session.Writer.Error(wrong);
        }
        else
        {
            session.Writes = new(id, sequence, acknowledged);
            if (isNew)
            {
                session.Writer.Bulk(id.ToString());
            }
            else
            {
                session.Writer.Ok();
            }
        }
    }

    private static void Tell(RespSession session)
    {
        if (session.Writes is not { } writes)
        {
            session.Writer.NullArray();
            return;
        }

        session.Writer.Array(3);
        session.Writer.Bulk(writes.Id.ToString());
        session.Writer.Integer((long)writes.Next);
        session.Writer.Integer((long)writes.Acknowledged);
    }

    [SuppressMessage("Style", "IDE0046", Justification = "One refusal after the other reads better.")]
    private static string? Numbers(in Request request, out ulong sequence, out ulong acknowledged)
    {
        sequence = 1;
        acknowledged = 0;
        for (int i = 2; i < request.Count; i += 2)
        {
            if (i + 1 == request.Count)
            {
                return RespErrors.Syntax;
            }

            if (request[i].Is("SEQUENCE"u8))
            {
                if (!TrySequence(request[i + 1], out sequence) || sequence == 0)
                {
                    return NotANumber;
                }
            }
            else if (!request[i].Is("ACKNOWLEDGED"u8))
            {
                return RespErrors.Syntax;
            }
            else if (!TrySequence(request[i + 1], out acknowledged) || acknowledged == 0)
            {
                return NotANumber;
            }
        }

        acknowledged = acknowledged == 0 ? sequence : acknowledged;
        return acknowledged > sequence || sequence > SessionWrite.MaxSequence ? NotANumber : null;
    }
}
