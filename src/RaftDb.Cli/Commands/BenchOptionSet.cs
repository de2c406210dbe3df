using System.CommandLine;
using RaftDb.Cli.Bench;

namespace RaftDb.Cli.Commands;

/// <summary>The options that say how much a benchmark does.</summary>
internal sealed class BenchOptionSet
{
    private readonly Option<int> _clients = new("--clients") { Description = "How many clients.", DefaultValueFactory = _ => 64 };

    private readonly Option<int> _pipeline = new("--pipeline")
    {
        Description = "Requests that each client has in flight. All share the .NET client's few connections, so 16 clients with 4 are as 64 with 1.",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> _seconds;

    private readonly Option<int> _warmUp;

    private readonly Option<int> _valueSize = new("--value-size") { Description = "Bytes of a value.", DefaultValueFactory = _ => 100 };

    private readonly Option<int> _keys = new("--keys") { Description = "How many keys.", DefaultValueFactory = _ => 100_000 };

    private readonly Option<bool> _noLoad = new("--no-load") { Description = "read, mixed, scan: the keys are there already." };

    private readonly Option<int?> _seed = new("--seed") { Description = "Of the order of keys; drawn without, so that a second run puts other keys than the first." };

    public BenchOptionSet(Command command, int seconds, int warmUp)
    {
        _seconds = new("--seconds") { Description = "How long.", DefaultValueFactory = _ => seconds };
        _warmUp = new("--warm-up") { Description = "Seconds of the same load before it, not measured.", DefaultValueFactory = _ => warmUp };
        foreach (Option option in (Option[])[_clients, _pipeline, _seconds, _warmUp, _valueSize, _keys, _noLoad, _seed])
        {
            command.Add(option);
        }
    }

    public BenchSettings Read(ParseResult parsed, string workload) => new()
    {
        Workload = workload,
        Clients = parsed.GetValue(_clients),
        Pipeline = parsed.GetValue(_pipeline),
        Seconds = parsed.GetValue(_seconds),
        WarmUpSeconds = parsed.GetValue(_warmUp),
        ValueSize = parsed.GetValue(_valueSize),
        Keys = parsed.GetValue(_keys),
        NoLoad = parsed.GetValue(_noLoad),
        Seed = parsed.GetValue(_seed) ?? Random.Shared.Next(1_000_000),
    };
}
