using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>How long keys live. Time is the log's: a key is gone when the entry that expires it is applied, on every replica alike.</summary>
internal static class ExpiryCommands
{
    private const int Never = -1;
    private const int Absent = -2;

    public static IEnumerable<RespCommand> All =>
    [
        new DataCommand("EXPIRE", 3, (CommandRun run, in Request request) => Expire(run, request, 1000), WriteCommands.Count)
        {
            Keys = KeyPlaces.One,
            Writes = true,
            Summary = "Lets a key expire in so many seconds.",
        },
        new DataCommand("PEXPIRE", 3, (CommandRun run, in Request request) => Expire(run, request, 1), WriteCommands.Count)
        {
            Keys = KeyPlaces.One,
            Writes = true,
            Summary = "Lets a key expire in so many milliseconds.",
        },
        new DataCommand("PERSIST", 2, Persist, WriteCommands.Count) { Keys = KeyPlaces.One, Writes = true, Summary = "Lets a key live for ever." },
        new DataCommand("TTL", 2, ReadCommands.Read, Seconds) { Keys = KeyPlaces.One, Summary = "Seconds until a key expires; -1: never; -2: absent." },
        new DataCommand("PTTL", 2, ReadCommands.Read, Milliseconds)
        {
            Keys = KeyPlaces.One,
            Summary = "Milliseconds until a key expires; -1: never; -2: absent.",
        },
    ];

    private static void Expire(CommandRun run, in Request request, long unitMilliseconds)
    {
        if (!Integers.TryParse(request[2], out long number))
        {
            run.Refuse(RespErrors.NotAnInteger);
        }
        else if (number <= 0)
        {
            // In the past: the key goes at once.
            WriteCommands.Add(run, Operation.Delete(request.Memory(1)));
        }
        else if (!Ttl.TryMilliseconds(number, unitMilliseconds, out long milliseconds))
        {
            run.Refuse($"ERR invalid expire time in '{(unitMilliseconds == 1 ? "pexpire" : "expire")}' command");
        }
        else
        {
            WriteCommands.Add(run, Operation.Expire(request.Memory(1), milliseconds));
        }
    }

    private static void Persist(CommandRun run, in Request request) => WriteCommands.Add(run, Operation.Expire(request.Memory(1), 0));

    private static void Seconds(RespWriter writer, in SlotResults results)
    {
        long left = Left(results);
        writer.Integer(left < 0 ? left : (left + 500) / 1000);
    }

    private static void Milliseconds(RespWriter writer, in SlotResults results) => writer.Integer(Left(results));

    private static long Left(in SlotResults results) => results.Row(0) switch
    {
        null => Absent,
        { ExpiresAt: 0 } => Never,
        { ExpiresAt: long at } => Math.Max(0, at - results.LogMilliseconds),
    };
}
