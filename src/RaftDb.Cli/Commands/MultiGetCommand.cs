using System.CommandLine;
using System.Text;
using System.Text.Json;
using RaftDb.Cli.Output;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb mget KEY...</summary>
internal static class MultiGetCommand
{
    public static Command Build()
    {
        Command command = new("mget", "Read keys of any ranges: key, a tab, value; absent keys are left out.");
        Argument<string[]> keys = new("KEY") { Arity = ArgumentArity.OneOrMore };
        Option<bool> hex = new("--hex") { Description = "Keys are hexadecimal, and so is what is printed." };
        command.Add(keys);
        command.Add(hex);
        ClientOptions client = new(command);
        command.SetAction(async (parsed, cancel) =>
        {
            bool asHex = parsed.GetValue(hex);
            BinaryText[] asked = [.. parsed.GetValue(keys)!.Select(key => new BinaryText(KeyText.Parse("KEY", key, asHex).Memory))];
            await using RaftDbClient db = client.Connect(parsed);
            using Stream output = new BufferedStream(Console.OpenStandardOutput());
            for (int done = 0; done < asked.Length;)
            {
                byte[] answer = await db.PostAsync("/v1/get", new MultiGetRequest(asked[done..]), cancel);
                MultiGetDocument page = JsonSerializer.Deserialize(answer, Documents.Json.MultiGetDocument)!;
                foreach (MultiGetItem item in page.Items.Where(item => item.Value is not null || client.Json(parsed)))
                {
                    output.Write(Encoding.UTF8.GetBytes(client.Json(parsed)
                        ? JsonOutput.ToText(new { key = item.Key, value = item.Value, version = item.Version, index = item.Index })
                        : $"{KeyText.Show(item.Key.Bytes.Span, asHex)}\t{KeyText.Show(item.Value!.Value.Bytes.Span, asHex)}"));
                    output.Write("\n"u8);
                }

                done = page.Next is { } next ? done + next : asked.Length;
            }

            return ExitCode.Done;
        });
        return command;
    }
}
