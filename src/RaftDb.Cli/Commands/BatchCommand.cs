using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RaftDb.Cli.Output;
using RaftDb.Client;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb batch [FILE]</summary>
internal static class BatchCommand
{
    private const int OperationsAtOnce = 1000;

    /// <summary>A request's body is 16 MiB at most.</summary>
    private const int BytesAtOnce = 4 << 20;

    public static Command Build()
    {
        Command command = new("batch", """Do writes of any ranges, one a line as JSON: {"put":{"key":"a","value":"1"}}, {"delete":{"key":"b"}}, {"increment":{"key":"n","by":1}}.""");
        Argument<string?> file = new("FILE") { Description = "Where the lines are; standard input without.", Arity = ArgumentArity.ZeroOrOne };
        command.Add(file);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            using TextReader lines = parsed.GetValue(file) is { } path ? new StreamReader(path) : new StreamReader(Console.OpenStandardInput());
            await using RaftDbClient db = client.Connect(parsed);
            List<JsonElement> operations = [];
            int bytes = 0;
            long done = 0;
            for (long number = 1; await lines.ReadLineAsync(cancel) is { } line; number++)
            {
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                operations.Add(Operation(line, number, done));
                bytes += line.Length;
                if (operations.Count == OperationsAtOnce || bytes >= BytesAtOnce)
                {
                    done += await SendAsync(db, operations, done, cancel);
                    bytes = 0;
                }
            }

            done += await SendAsync(db, operations, done, cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(new { done });
            }
            else
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done: {done} operations"));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static JsonElement Operation(string line, long number, long done)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.Clone();
        }
        catch (JsonException wrong)
        {
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"Line {number} is no JSON: {wrong.Message} {done} operations were done."));
        }
    }

    private static async Task<int> SendAsync(RaftDbClient db, List<JsonElement> operations, long done, CancellationToken cancel)
    {
        int count = operations.Count;
        if (count > 0)
        {
            try
            {
                await db.PostAsync("/v1/batch", new { ops = operations }, cancel);
            }
            catch (RaftDbException failure)
            {
                throw new RefusedException(string.Create(
                    CultureInfo.InvariantCulture, $"{failure.Code}: {failure.Message} {done} operations were done; of the next {count} each may be or not."));
            }
        }

        operations.Clear();
        return count;
    }
}
