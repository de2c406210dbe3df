using System.Diagnostics.CodeAnalysis;
using System.Text;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>CLIENT ID, SETNAME, GETNAME, SETINFO, INFO.</summary>
internal static class ClientCommand
{
    public const string BadName = "ERR Client names cannot contain spaces, newlines or special characters.";
    private const int LongestName = 256;

    public static IEnumerable<RespCommand> All => [new LocalCommand("CLIENT", -2, Run) { Summary = "ID, SETNAME, GETNAME, SETINFO, INFO of this connection." }];

    /// <summary>A name of printable characters without blanks.</summary>
    public static bool TryName(ReadOnlySpan<byte> text, [NotNullWhen(true)] out string? name)
    {
        name = text.Length <= LongestName && text.IndexOfAnyExceptInRange((byte)'!', (byte)'~') < 0 ? Encoding.ASCII.GetString(text) : null;
        return name is not null;
    }

    private static void Run(RespSession session, in Request request)
    {
        ReadOnlySpan<byte> what = request[1];
        if (what.Is("ID"u8) && request.Count == 2)
        {
            session.Writer.Integer(session.Id);
        }
        else if (what.Is("GETNAME"u8) && request.Count == 2)
        {
            if (session.Name.Length == 0)
            {
                session.Writer.Null();
            }
            else
            {
                session.Writer.Bulk(session.Name);
            }
        }
        else if (what.Is("SETNAME"u8) && request.Count == 3)
        {
            SetName(session, request[2]);
        }
        else if (what.Is("SETINFO"u8) && request.Count == 4)
        {
            SetInfo(session, request[2], request[3]);
        }
        else if (what.Is("INFO"u8) && request.Count == 2)
        {
            session.Writer.Text(Info(session));
        }
        else
        {
            session.Writer.Error(RespErrors.Subcommand("CLIENT", what));
        }
    }

    private static void SetName(RespSession session, ReadOnlySpan<byte> text)
    {
        if (!TryName(text, out string? name))
        {
            session.Writer.Error(BadName);
            return;
        }

        session.Name = name;
        session.Writer.Ok();
    }

    private static void SetInfo(RespSession session, ReadOnlySpan<byte> what, ReadOnlySpan<byte> text)
    {
        if (!TryName(text, out string? value))
        {
            session.Writer.Error(BadName);
        }
        else if (what.Is("LIB-NAME"u8))
        {
            session.LibraryName = value;
            session.Writer.Ok();
        }
        else if (what.Is("LIB-VER"u8))
        {
            session.LibraryVersion = value;
            session.Writer.Ok();
        }
        else
        {
            session.Writer.Error($"ERR Unrecognized option '{Encoding.UTF8.GetString(what)}'");
        }
    }

    private static string Info(RespSession session) =>
        $"id={session.Id} addr={session.Address} name={session.Name} db=0 multi={session.Queue?.Commands.Count ?? -1} watch={session.Watched.Count} "
        + $"resp={session.Writer.Version} flags={(session.IsReadOnly ? "r" : "N")} lib-name={session.LibraryName} lib-ver={session.LibraryVersion}\n";
}
