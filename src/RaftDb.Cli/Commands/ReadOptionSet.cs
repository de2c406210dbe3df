using System.CommandLine;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>The options that say what a read promises and where it is served.</summary>
internal sealed class ReadOptionSet
{
    private readonly Option<string?> _consistency = new("--consistency")
    {
        Description = "linearizable (default), bounded, session or eventual.",
    };

    private readonly Option<string?> _maxStaleness = new("--max-staleness") { Description = "bounded: the oldest state that will do, like 500ms." };

    private readonly Option<string?> _replica = new("--replica") { Description = "Who serves it: leader, follower, any, or a node's id." };

    public ReadOptionSet(Command command)
    {
        _consistency.AcceptOnlyFromAmong("linearizable", "bounded", "session", "eventual");
        command.Add(_consistency);
        command.Add(_maxStaleness);
        command.Add(_replica);
    }

    public ReadOptions Read(ParseResult parsed)
    {
        string? consistency = parsed.GetValue(_consistency);
        TimeSpan? staleness = Duration.Parse("--max-staleness", parsed.GetValue(_maxStaleness));
        if (staleness is not null && consistency != "bounded")
        {
            throw new UsageException("--max-staleness: goes with --consistency bounded only.");
        }

        if (consistency == "bounded" && staleness is null)
        {
            throw new UsageException("--consistency bounded: say how old the answer may be with --max-staleness, like 500ms.");
        }

        string? replica = parsed.GetValue(_replica);
        if (replica is not (null or "leader" or "follower" or "any") && !ulong.TryParse(replica, out _))
        {
            throw new UsageException($"--replica: '{replica}' is not leader, follower, any or a node's id.");
        }

        return new ReadOptions { Consistency = consistency, MaxStaleness = staleness, Replica = replica };
    }
}
