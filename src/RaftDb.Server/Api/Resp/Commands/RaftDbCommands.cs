using System.Globalization;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ids;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>What Redis doesn't have.</summary>
internal static class RaftDbCommands
{
    public static IEnumerable<RespCommand> All =>
    [
        new WaitingCommand("RDB.GET", -2, GetAsync) { Keys = KeyPlaces.One, Summary = "Reads a key at a consistency; META: with version, index and time to live." },
        new DataCommand("RDB.CAS", 4, CompareAndSet, NewVersion) { Keys = KeyPlaces.One, Writes = true, Summary = "Sets a key if its version (0: absent) is this." },
        new LocalCommand("RDB.TOKEN", -1, Token) { Summary = "What this connection has seen; or tells it what another one has." },
        new LocalCommand("RDB.ID", -1, Id) { Summary = "Unique ids, each greater than those before it from this node." },
        new LocalCommand("READONLY", -1, ReadOnly) { Summary = "Reads from this node's replica from now on." },
        new LocalCommand("READWRITE", 1, ReadWrite) { Summary = "Linearizable reads from now on." },
    ];

    private static async ValueTask GetAsync(RespSession session, Request request)
    {
        if (GetOptions(session, request, out ReadOptions options, out bool meta) is { } wrong)
        {
            session.Writer.Error(wrong);
            return;
        }

        IRequestRouter router = session.Services.Router;
        (GetAnswer? answer, RequestError? error) = await router.GetAsync(
            request.Memory(1), options, router.DeadlineIn(session.Services.Options.Timeout), session.Aborted).ConfigureAwait(false);
        if (answer is null)
        {
            session.Writer.Error(RespErrors.Text(error!));
            return;
        }

        session.Seen.Saw(answer.Range, answer.Index);
        if (answer.Row is not { } row)
        {
            session.Writer.Null();
            return;
        }

        if (meta)
        {
            session.Writer.Array(4);
        }

        session.Writer.Bulk(row.Value.Span);
        if (meta)
        {
            session.Writer.Integer((long)row.Version);
            session.Writer.Integer((long)row.Index);
            session.Writer.Integer(row.ExpiresAt == 0 ? -1 : Math.Max(0, row.ExpiresAt - router.LogTime.Milliseconds));
        }
    }

    private static string? GetOptions(RespSession session, in Request request, out ReadOptions options, out bool meta)
    {
        options = session.Reads;
        meta = false;
        for (int i = 2; i < request.Count; i++)
        {
            if (request[i].Is("META"u8))
            {
                meta = true;
            }
            else if (request[i].Is("LINEARIZABLE"u8))
            {
                options = ReadOptions.Linearizable;
            }
            else if (request[i].Is("EVENTUAL"u8))
            {
                options = new(Consistency.Eventual, default, default, SessionToken.Empty);
            }
            else if (request[i].Is("SESSION"u8))
            {
                options = new(Consistency.Session, default, default, session.Seen.Token);
            }
            else if (request[i].Is("BOUNDED"u8) && i + 1 < request.Count)
            {
                if (ReadWords.Staleness(request[++i]) is not { } age)
                {
                    return RespErrors.NotAnInteger;
                }

                options = new(Consistency.Bounded, age, default, SessionToken.Empty);
            }
            else
            {
                return RespErrors.Syntax;
            }
        }

        return null;
    }

    private static void CompareAndSet(CommandRun run, in Request request)
    {
        Operation put = Operation.Put(request.Memory(1), request.Memory(3));
        if (!Integers.TryParse(request[2], out long version) || version < 0)
        {
            run.Refuse(RespErrors.NotAnInteger);
        }
        else if (run.Limits.Validate(put) is { } error)
        {
            run.Refuse(RespErrors.Text(error));
        }
        else
        {
            run.Write([new(ConditionKind.Version, put.Key, (ulong)version, default)], [put], []);
        }
    }

    private static void NewVersion(RespWriter writer, in SlotResults results)
    {
        if (results.Item(0).FailedCondition is { } failed)
        {
            writer.Error(RespErrors.ConditionFailed(failed));
        }
        else
        {
            writer.Integer((long)results.Operation(0, 0).Version);
        }
    }

    private static void Token(RespSession session, in Request request)
    {
        if (request.Count > 2)
        {
            session.Writer.Error(RespErrors.Arity("RDB.TOKEN"));
        }
        else if (request.Count == 1)
        {
            session.Writer.Bulk(session.Seen.Token.ToString());
        }
        else if (SessionToken.TryParse(System.Text.Encoding.ASCII.GetString(request[1]), out SessionToken? token))
        {
            session.Seen.Saw(token);
            session.Writer.Ok();
        }
        else
        {
            session.Writer.Error("ERR this is not a token: pass on what RDB.TOKEN or the header RaftDb-Token said.");
        }
    }

    private static void Id(RespSession session, in Request request)
    {
        long count = 1;
        if (request.Count > 2 || (request.Count == 2 && (!Integers.TryParse(request[1], out count) || count < 1 || count > UniqueIds.MaxCount)))
        {
            session.Writer.Error(request.Count > 2
                ? RespErrors.Arity("RDB.ID")
                : $"ERR a count of ids is a number from 1 to {UniqueIds.MaxCount.ToString(CultureInfo.InvariantCulture)}");
            return;
        }

        long[] ids = new long[count];
        if (session.Services.Ids.TryTake(ids) is { } problem)
        {
            session.Writer.Error(RespErrors.Text(problem));
        }
        else if (request.Count == 1)
        {
            session.Writer.Integer(ids[0]);
        }
        else
        {
            session.Writer.Array(ids.Length);
            foreach (long id in ids)
            {
                session.Writer.Integer(id);
            }
        }
    }

    private static void ReadOnly(RespSession session, in Request request)
    {
        if (request.Count == 1)
        {
            session.ReadHere(null);
        }
        else if (request.Count == 3 && request[1].Is("BOUNDED"u8) && ReadWords.Staleness(request[2]) is { } age)
        {
            session.ReadHere(age);
        }
        else
        {
            session.Writer.Error(RespErrors.Syntax);
            return;
        }

        session.Writer.Ok();
    }

    private static void ReadWrite(RespSession session, in Request request)
    {
        session.ReadAnywhere();
        session.Writer.Ok();
    }
}
