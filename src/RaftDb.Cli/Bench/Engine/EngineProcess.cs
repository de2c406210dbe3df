using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RaftDb.Cli.Output;
using RaftDb.Server.Hosting;

namespace RaftDb.Cli.Bench.Engine;

/// <summary>One process of the engine's benchmark. It takes its orders from standard input, a line each, answers on standard output, and ends when the input does: with the process
/// that started it.</summary>
internal static class EngineProcess
{
    public const string Ready = "ready";
    public const string Measuring = "measuring";
    public const string Status = "status";
    public const string Run = "run";

    public static async Task<int> RunAsync(EngineNodeArguments arguments, CancellationToken cancel)
    {
        using ILoggerFactory loggers = NodeLog.Create(new() { Level = "Warning" });
        await using EngineNode node = await EngineNode.StartAsync(arguments, loggers.CreateLogger($"engine {arguments.Id}"), cancel);
        Console.Out.WriteLine(Ready);
        while (true)
        {
            Task<string?> line = Console.In.ReadLineAsync(cancel).AsTask();
            if (await Task.WhenAny(line, node.Failed) == node.Failed)
            {
                throw new RefusedException($"The node failed: {(await node.Failed).Message}");
            }

            if (await line is not { } order)
            {
                return ExitCode.Done;
            }

            await ObeyAsync(node, order.Split(' '));
        }
    }

    private static async Task ObeyAsync(EngineNode node, string[] order)
    {
        switch (order)
        {
            case [Status]:
                JsonOutput.Print(new EngineStatus(node.Replica.Leadership.IsLeader, node.Machine.Applied.Index.Value));
                break;
            case [Run, string writers, string warmUp, string seconds, string bytes]:
                EngineWriters load = new(node, Number(bytes));
                JsonOutput.Print(await load.RunAsync(
                    Number(writers), TimeSpan.FromSeconds(Number(warmUp)), TimeSpan.FromSeconds(Number(seconds)), () => Console.Out.WriteLine(Measuring)));
                break;
            default:
                throw new UsageException($"'{string.Join(' ', order)}' is no order that this process knows.");
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>What a process says of itself.</summary>
internal sealed record EngineStatus(bool IsLeader, ulong Applied)
{
    public static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
