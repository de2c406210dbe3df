using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>A command by its name.</summary>
/// <param name="name">In capitals.</param>
/// <param name="arity">How many arguments it has, its name among them; negative: at least so many.</param>
internal abstract class RespCommand(string name, int arity)
{
    public string Name => name;

    public int Arity => arity;

    /// <summary>Which arguments are keys.</summary>
    public KeyPlaces Keys { get; init; }

    /// <summary>Whether it can change data.</summary>
    public bool Writes { get; init; }

    /// <summary>Whether it works within MULTI rather than being queued.</summary>
    public bool InTransaction { get; init; }

    /// <summary>What it does, for people.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Its place in the table.</summary>
    public int Number { get; set; }

    public bool Accepts(int arguments) => arity >= 0 ? arguments == arity : arguments >= -arity;
}

/// <summary>Which arguments of a command are keys: from the first to the last (negative: counted from the end), each so many steps on. First 0: none.</summary>
internal readonly record struct KeyPlaces(int First, int Last, int Step)
{
    /// <summary>The first argument.</summary>
    public static readonly KeyPlaces One = new(1, 1, 1);

    /// <summary>All arguments.</summary>
    public static readonly KeyPlaces All = new(1, -1, 1);
}

/// <summary>A command that the connection answers by itself.</summary>
internal sealed class LocalCommand(string name, int arity, LocalCommand.Run run) : RespCommand(name, arity)
{
    internal delegate void Run(RespSession session, in Request request);

    public void Answer(RespSession session, in Request request) => run(session, request);
}

/// <summary>A command that asks the cluster in a way of its own.</summary>
internal sealed class WaitingCommand(string name, int arity, Func<RespSession, Request, ValueTask> run) : RespCommand(name, arity)
{
    public ValueTask AnswerAsync(RespSession session, Request request) => run(session, request);
}

/// <summary>A command on keys that goes to the ranges together with its neighbours.</summary>
internal sealed class DataCommand(string name, int arity, DataCommand.Planner plan, DataCommand.Answerer answer) : RespCommand(name, arity)
{
    internal delegate void Planner(CommandRun run, in Request request);

    internal delegate void Answerer(RespWriter writer, in SlotResults results);

    /// <summary>Whether it can be queued in MULTI.</summary>
    public bool InMulti { get; init; } = true;

    public void Plan(CommandRun run, in Request request) => plan(run, request);

    public void Answer(RespWriter writer, in SlotResults results) => answer(writer, results);
}
