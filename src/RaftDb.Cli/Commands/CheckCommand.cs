using System.CommandLine;
using System.Net.Http.Json;
using RaftDb.Cli.Output;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb check [--range R]: compares all replicas, and says what differs.</summary>
internal static class CheckCommand
{
    public static Command Build()
    {
        Command command = new("check", "Compare the replicas of all ranges with each other. Exits with 1 when something differs or could not be compared.");
        Option<ulong?> range = new("--range") { Description = "Only this range." };
        command.Add(range);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            CheckDocument document = await AskAsync(client.Servers(parsed), parsed.GetValue(range), cancel);
            if (client.Json(parsed))
            {
                JsonOutput.Print(document);
            }
            else
            {
                Print(document);
            }

            return document.Equal ? ExitCode.Done : ExitCode.Refused;
        });
        return command;
    }

    /// <summary>The first server that answers. No time limit: the nodes read all that they have.</summary>
    private static async Task<CheckDocument> AskAsync(string servers, ulong? range, CancellationToken cancel)
    {
        using HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };
        string failure = "";
        foreach (string server in servers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            try
            {
                using HttpResponseMessage answer = await http.PostAsJsonAsync($"http://{server}/v1/check", new CheckRequest(range), Documents.Json.CheckRequest, cancel);
                if (!answer.IsSuccessStatusCode)
                {
                    ProblemDocument? problem = await answer.Content.ReadFromJsonAsync(Documents.Json.ProblemDocument, cancel);
                    throw new RefusedException($"{problem?.Code}: {problem?.Detail}");
                }

                return await answer.Content.ReadFromJsonAsync(Documents.Json.CheckDocument, cancel) ?? throw new RefusedException($"{server} gave no answer.");
            }
            catch (HttpRequestException e)
            {
                failure = $"{server} does not answer: {e.Message}";
            }
        }

        throw new RefusedException($"{failure} Name a node that is up with --server.");
    }

    private static void Print(CheckDocument document)
    {
        Table table = new("Range", "Node", "Replica", "Index", "Keys", "Digest", "Verdict");
        foreach (RangeCheck range in document.Ranges)
        {
            foreach (ReplicaCheck replica in range.Replicas)
            {
                table.Add($"{range.Range}", $"{replica.Node}", $"{replica.Replica}", Text(replica.Index), Text(replica.Keys), replica.Digest?[..16] ?? "-", replica.Verdict);
            }

            if (range.Replicas.Count == 0)
            {
                table.Add($"{range.Range}", "-", "-", "-", "-", "-", range.Verdict);
            }
        }

        table.Print();
        Console.Out.WriteLine();
        foreach (RangeCheck range in document.Ranges.Where(r => r.Detail is not null))
        {
            Console.Out.WriteLine($"Range {range.Range} ({range.Verdict}): {range.Detail}");
        }

        Console.Out.WriteLine(document.Equal ? "All replicas are equal." : "This is no pass. See \"A damaged replica\" in docs/operations.md.");
    }

    private static string Text(object? value) => value?.ToString() ?? "-";
}
