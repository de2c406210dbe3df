using System.CommandLine;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>The options of a write.</summary>
internal sealed class WriteOptionSet
{
    private readonly Option<ulong?> _ifVersion = new("--if-version") { Description = "Only if the key has this version; 0 = only if it is absent." };

    private readonly Option<string?> _ack = new("--ack") { Description = "When it counts as done: quorum (default), all or leader." };

    public WriteOptionSet(Command command)
    {
        _ack.AcceptOnlyFromAmong("quorum", "all", "leader");
        command.Add(_ifVersion);
        command.Add(_ack);
    }

    public WriteOptions Read(ParseResult parsed) => new() { IfVersion = parsed.GetValue(_ifVersion), Ack = parsed.GetValue(_ack) };
}
