using RaftDb.Tests.DataDriven;

namespace RaftDb.Tests.Server.Api.Resp;

/// <summary>Commands and their answers, byte by byte. <c>REWRITE=1</c> writes the answers anew; read the difference then. Directives: <c>send</c>, lines that go out
/// together as inline commands (or, after <c>raw</c>, as they stand with \r, \n and \xHH); <c>connection=NAME</c> for another connection; <c>closed</c> shows the end.</summary>
public sealed class RespScriptTests
{
    private static IEnumerable<string> Scripts() => Directory.GetFiles(Testdata.Copy("resp/scripts"), "*.txt").Select(path => Path.GetFileName(path)).Order();

    [TestCaseSource(nameof(Scripts))]
    public async Task Commands_are_answered_like_this(string script)
    {
        string path = $"resp/scripts/{script}";
        await using RespHost host = await RespHost.StartAsync();
        Dictionary<string, RespClient> clients = [];
        List<(Directive Directive, IReadOnlyList<string> Output)> results = [];
        foreach (Directive directive in DataDrivenFile.Read(path))
        {
            string name = directive.Value("connection") ?? "";
            if (!clients.TryGetValue(name, out RespClient? client))
            {
                clients.Add(name, client = await host.ConnectAsync());
            }

            results.Add((directive, await RunAsync(directive, client)));
        }

        foreach (RespClient client in clients.Values)
        {
            client.Dispose();
        }

        if (Testdata.Rewrite)
        {
            DataDrivenFile.Rewrite(path, results);
            return;
        }

        using (Assert.EnterMultipleScope())
        {
            foreach ((Directive directive, IReadOnlyList<string> output) in results)
            {
                Assert.That(output, Is.EqualTo(directive.Expected), directive.ToString());
            }

            Assert.That(host.Failures, Is.Empty);
            Assert.That(host.Log.Lines, Is.Empty);
        }
    }

    private static async Task<IReadOnlyList<string>> RunAsync(Directive directive, RespClient client)
    {
        List<string> output = [];
        switch (directive.Command)
        {
            case "send":
                await client.SendAsync(string.Concat(directive.Input.Select(line => line + "\r\n")));
                break;
            case "raw":
                await client.SendAsync(Corpus.Unescape(string.Concat(directive.Input)));
                break;
            default:
                throw new FormatException($"{directive}: there is no such directive.");
        }

        int answers = directive.Value("answers") is { } count ? int.Parse(count) : directive.Input.Count;
        for (int i = 0; i < answers; i++)
        {
            if (!client.ReadInto(output))
            {
                output.Add("(closed)");
                break;
            }
        }

        if (directive.Has("closed"))
        {
            output.Add(client.IsAtEnd() ? "(closed)" : "(open)");
        }

        // A blank line would end the expected output; texts of several lines take several.
        return [.. output.SelectMany(line => line.Split("\r\n")).Select(line => line.Length == 0 ? "(blank)" : line)];
    }
}
