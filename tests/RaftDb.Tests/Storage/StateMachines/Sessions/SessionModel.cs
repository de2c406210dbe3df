using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Storage.StateMachines.Sessions;

/// <summary>What sessions mean, once more and as simply as possible: every answer ever given is remembered, and so is every session that ended.</summary>
internal sealed class SessionModel
{
    private readonly KeyValueModel _rows = new();
    private readonly Dictionary<(SessionId Session, ulong Sequence, uint Part), Answer> _answers = [];
    private readonly Dictionary<SessionId, (long Used, ulong Mark)> _open = [];
    private readonly HashSet<SessionId> _ended = [];
    private long _time;

    public KeyValueModel Rows => _rows;

    /// <summary>How often something was executed that had been executed before: the one thing that must not be.</summary>
    public int Executed { get; private set; }

    public int Repeated { get; private set; }

    public int Expired { get; private set; }

    public CommandResult Apply(Command command, ulong index)
    {
        _time = Math.Max(_time, command.Time.Milliseconds);
        return command switch
        {
            ExpireSessionsCommand expire => Expire(expire, index),
            TransactionCommand { Session: { } session } write => Apply(write, session, index),
            _ => _rows.Apply(command, index),
        };
    }

    private CommandResult Apply(TransactionCommand command, SessionWrite write, ulong index)
    {
        if (_ended.Contains(write.Session))
        {
            Expired++;
            return new(CommandStatus.SessionExpired, false, index, []);
        }

        bool isNew = !_open.TryGetValue(write.Session, out (long Used, ulong Mark) session);
        session = isNew ? (_time, 0) : session;
        string request = Convert.ToHexString(CommandCodec.Encode(command with { Time = default, Session = null }));
        if (write.Sequence < session.Mark)
        {
            return new(CommandStatus.SequenceReused, false, index, []);
        }

        if (_answers.TryGetValue((write.Session, write.Sequence, write.Part), out Answer? answer))
        {
            Repeated++;
            return answer.Request == request ? answer.Result : new(CommandStatus.SequenceReused, false, index, []);
        }

        _open[write.Session] = (
            _time - session.Used >= SessionRules.UseMilliseconds ? _time : session.Used,
            write.Acknowledged >= session.Mark + SessionRules.DropStep ? write.Acknowledged : session.Mark);
        CommandResult result = _rows.Apply(command, index);
        _answers.Add((write.Session, write.Sequence, write.Part), new(request, result));
        Executed++;
        return result;
    }

    private CommandResult Expire(ExpireSessionsCommand command, ulong index)
    {
        SessionId[] due = [.. _open.Where(s => s.Value.Used <= _time - command.IdleMilliseconds)
            .OrderBy(s => s.Value.Used).ThenBy(s => s.Key.Value).Select(s => s.Key)];
        foreach (SessionId session in due.Take(command.Limit))
        {
            _open.Remove(session);
            _ended.Add(session);
        }

        int count = Math.Min(due.Length, command.Limit);
        return new(CommandStatus.Done, true, index, [new(OperationKind.DeleteRange, 0, index, default, count, due.Length > command.Limit)]);
    }

    private sealed record Answer(string Request, CommandResult Result);
}
