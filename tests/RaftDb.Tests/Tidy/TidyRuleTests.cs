namespace RaftDb.Tests.Tidy;

/// <summary>Proves that each rule finds what it is there to find, and lets pass what is right.</summary>
public sealed class TidyRuleTests
{
    private const string Core = "src/RaftDb.Raft/Planted.cs";

    [TestCase("    Task WaitAsync() => null!;")]
    [TestCase("    async void Run()")]
    [TestCase("    var now = DateTime.UtcNow;")]
    [TestCase("    long t = Stopwatch.GetTimestamp();")]
    [TestCase("    int n = Random.Shared.Next();")]
    [TestCase("    Random random = new();")]
    [TestCase("    var random = new Random(1);")]
    [TestCase("    var thread = new Thread(Run);")]
    [TestCase("    lock (_gate)")]
    [TestCase("    lock(_gate)")]
    [TestCase("    private readonly Lock _gate = new();")]
    [TestCase("using System.IO;")]
    [TestCase("using System.Net.Sockets;")]
    [TestCase("    File.Delete(path);")]
    [TestCase("    Stream stream;")]
    [TestCase("    Socket socket;")]
    [TestCase("    ILogger log;")]
    [TestCase("    string s = $\"{DateTime.Now}\";")]
    public void The_core_rule_finds(string line) =>
        Found(PureCoreRule.Check(new(Core, "namespace X;\n" + line + "\n")), Core, 2);

    [TestCase("    // A Task, a lock (or a Thread), System.IO and DateTime in a comment.")]
    [TestCase("    string s = \"Task DateTime lock( Random.Shared\";")]
    [TestCase("    /// <summary>A randomized Task.</summary>")]
    [TestCase("    Instant deadline = state.Now + TaskLimit;")]
    [TestCase("    private bool _blocked; void Unlock(int x) { }")]
    public void The_core_rule_lets_pass(string line) => Assert.That(PureCoreRule.Check(new(Core, line)), Is.Empty);

    [Test]
    public void The_core_rule_is_for_the_core_only() =>
        Assert.That(PureCoreRule.Check(new("src/RaftDb.Server/Planted.cs", "Task x;")), Is.Empty);

    [Test]
    public void An_arrow_that_points_up_is_found()
    {
        const string path = "src/RaftDb.Storage/RaftDb.Storage.csproj";
        Found(ProjectArrowsRule.Check(new(path, Project("RaftDb.Raft", "RaftDb.Server"))), path, 4);
        Assert.That(ProjectArrowsRule.Check(new(path, Project("RaftDb.Raft"))), Is.Empty);
    }

    [Test]
    public void A_missing_arrow_and_a_stray_project_are_found()
    {
        Found(ProjectArrowsRule.Check(new("src/RaftDb.Cli/RaftDb.Cli.csproj", Project("RaftDb.Client"))), "src/RaftDb.Cli/RaftDb.Cli.csproj", 1);
        Found(ProjectArrowsRule.Check(new("src/RaftDb.Misc/RaftDb.Misc.csproj", Project())), "src/RaftDb.Misc/RaftDb.Misc.csproj", 1);
    }

    [TestCase("Transport", "using RaftDb.Server.Replicas;")]
    [TestCase("Transport", "using Alias = RaftDb.Server.Ranges.RangeMap;")]
    [TestCase("Transport", "    global::RaftDb.Server.Api.HttpApi api;")]
    [TestCase("Transport", "    Replicas.Replica replica;")]
    [TestCase("Transport", "    Server.Replicas.Replica replica;")]
    [TestCase("Replicas", "using RaftDb.Server.Ranges;")]
    [TestCase("Ranges", "using static RaftDb.Server.Api.HttpApi;")]
    [TestCase("Ranges", "using RaftDb.Server.Hosting;")]
    [TestCase("Api", "using RaftDb.Server.Hosting;")]
    [TestCase("Placement", "using RaftDb.Server.Transport;")]
    [TestCase("Bootstrap", "using RaftDb.Server.Replicas;")]
    public void A_call_upward_is_found(string folder, string line)
    {
        SourceFile planted = new($"src/RaftDb.Server/{folder}/Sub/Planted.cs", "namespace X;\n" + line + "\n");
        Found(ServerLayersRule.Check([planted, Replica]), planted.Path, 2);
    }

    [TestCase("Replicas", "using RaftDb.Server.Transport;")]
    [TestCase("Api", "using RaftDb.Server.Ranges;")]
    [TestCase("Hosting", "using RaftDb.Server.Api;")]
    [TestCase("Transport", "    int n = descriptor.Replicas.Replica;")]
    [TestCase("Transport", "// RaftDb.Server.Replicas is above.")]
    public void A_call_downward_passes(string folder, string line) =>
        Assert.That(ServerLayersRule.Check([new($"src/RaftDb.Server/{folder}/Planted.cs", line), Replica]), Is.Empty);

    [TestCase("See `src/Nowhere/Nothing.cs`.")]
    [TestCase("Run scripts/nothing now.")]
    [TestCase("    scripts/nothing --fast")]
    [TestCase("See [it](nothing.md#part).")]
    [TestCase("See [it](../src/Nowhere).")]
    [TestCase("The type is in `Nothing.cs`.")]
    [TestCase("All of `src/Nowhere/*.cs`.")]
    public void A_path_that_does_not_exist_is_found(string line) =>
        Found(DocumentPathsRule.Check(new("docs/planted.md", "# Title\n" + line + "\n"), Known.Contains, Known), "docs/planted.md", 2);

    [TestCase("See `src/Real/File.cs`, docs/page.md, and src/Real/.")]
    [TestCase("See [page](page.md#part), [up](../src/Real/File.cs), [web](https://example.org/docs/x.md), [here](#below).")]
    [TestCase("The type is in `File.cs`, or `Real/File.cs`.")]
    [TestCase("All of `src/Real/*.cs`; data in `node1/docs/x`.")]
    public void Paths_that_exist_pass(string line) =>
        Assert.That(DocumentPathsRule.Check(new("docs/planted.md", line), Known.Contains, Known), Is.Empty);

    [Test]
    public void A_test_that_does_not_exist_is_found()
    {
        SourceFile test = new("tests/A/Tests.cs", "    public void A_name_that_is_there() => Check();\n");
        Found(DocumentTestNamesRule.Check(new("docs/a.md", "first\nsee `A_name_that_is_gone`"), [test]), "docs/a.md", 2);
        Assert.That(DocumentTestNamesRule.Check(new("docs/a.md", "see `A_name_that_is_there`, `EntriesPersisted`, `RAFTDB_A_B_C_D`, `raftdb_a_b_c_d`"), [test]), Is.Empty);
    }

    [Test]
    public void A_long_file_is_found()
    {
        string longest = string.Concat(Enumerable.Repeat("\n", FileLengthRule.MostLines));
        Assert.That(FileLengthRule.Check(new("src/A/Planted.cs", longest)), Is.Empty);
        Found(FileLengthRule.Check(new("src/A/Planted.cs", longest + "\n")), "src/A/Planted.cs", FileLengthRule.MostLines + 1);
    }

    [TestCase("src/A/Planted.cs", "    // TODO: later")]
    [TestCase("src/A/Planted.cs", "    string s = \"FIXME\";")]
    [TestCase("src/A/Planted.cs", "    /* HACK */")]
    [TestCase("src/A/Planted.cs", "    throw new NotImplementedException();")]
    [TestCase("src/A/Planted.cs", "    Thread.Sleep(10);")]
    [TestCase("tests/A/Planted.cs", "    [Ignore]")]
    [TestCase("tests/A/Planted.cs", "    [Test, Explicit]")]
    [TestCase("tests/A/Planted.cs", "    [Explicit()]")]
    [TestCase("tests/A/Planted.cs", "    [Ignore(\"\")]")]
    public void A_leftover_is_found(string path, string line) => Found(LeftoversRule.Check(new(path, "namespace X;\n" + line)), path, 2);

    [TestCase("using RaftDb.Raft;\nusing System;")]
    [TestCase("using System.Text;\nusing System.IO;")]
    [TestCase("using RaftDb.Raft.Log;\nusing RaftDb.Raft;")]
    public void Namespaces_out_of_order_are_found(string lines) => Found(UsingOrderRule.Check(new("src/A/Planted.cs", lines)), "src/A/Planted.cs", 2);

    [TestCase("using System;\nusing System.IO;\nusing Microsoft.Data;\nusing RaftDb.Raft;\nusing RaftDb.Raft.Log;\nusing RaftDb.RaftX;\nusing static System.Math;\nusing Alias = System.Int32;")]
    [TestCase("namespace X;\n    using FileStream z = new();\n    using (a) { }")]
    public void Namespaces_in_order_pass(string lines) => Assert.That(UsingOrderRule.Check(new("src/A/Planted.cs", lines)), Is.Empty);

    [TestCase("src/A/Planted.cs", "    string s = \"NotImplementedException, Thread.Sleep\"; // Thread.Sleep would not do")]
    [TestCase("tests/A/Planted.cs", "    [Explicit(\"takes an hour\")] // TODO in a test is nobody's stub")]
    [TestCase("tests/A/Planted.cs", "    string s = \"[Ignore]\";")]
    public void What_is_no_leftover_passes(string path, string line) => Assert.That(LeftoversRule.Check(new(path, line)), Is.Empty);

    [TestCase("see /wo" + "rk/main/x")]
    [TestCase("\"/ro" + "ot/.nuget\"")]
    [TestCase("cd /ho" + "me/me")]
    [TestCase("<add key=\"x\" value=\"http://10.0.0.1:8080/feed/v3/index" + ".json\" />")]
    [TestCase("https://packages.example.org/repository/nu" + "get/x")]
    [TestCase("https://api.nu" + "get.org/v3/x")]
    [TestCase("host: my-artifac" + "tory.example.org")]
    public void A_trace_of_the_machine_is_found(string line) => Found(MachineTracesRule.Check(new("a.txt", "first\n" + line)), "a.txt", 2);

    [TestCase("a network/peer, src/homework/x, ../root/x")]
    [TestCase("https://example.org/nuances, https://www.rfc-editor.org/x")]
    public void What_tells_of_no_machine_passes(string line) => Assert.That(MachineTracesRule.Check(new("a.txt", line)), Is.Empty);

    [Test]
    public void A_file_with_another_name_than_its_types_is_found()
    {
        Found(FileNameRule.Check(new("src/A/Helpers.cs", "internal readonly record struct Thing(int X);\n")), "src/A/Helpers.cs", 1);
        Assert.That(FileNameRule.Check(new("src/A/Thing.cs", "internal enum Kind { }\ninternal readonly record struct Thing(int X);\n")), Is.Empty);
        Assert.That(FileNameRule.Check(new("src/A/Program.cs", "return 0;\n")), Is.Empty);
        Assert.That(FileNameRule.Check(new("src/A/Answers.cs", "enum A;\nenum B;\n")), Is.Empty);
        Assert.That(FileNameRule.Check(new("src/A/Answers.cs", "enum A;\n")), Is.Not.Empty);
    }

    [TestCase("a // b \"c\"", "a         ")]
    [TestCase("a /* b\nc */ d", "a     \n     d")]
    [TestCase("x(\"a \\\" // b\") // c", "x(\"_________\")     ")]
    [TestCase("@\"a\"\"b\" + c", "@\"____\" + c")]
    [TestCase("\"\" + a // b", "\"\" + a     ")]
    [TestCase("$\"a {b + \"c\"} {{d}} e\" + f", "$\"__{b + \"_\"}________\" + f")]
    [TestCase("$\"{f(new { x })}a\"", "$\"{f(new { x })}_\"")]
    [TestCase("\"\"\"a \" // b\"\"\" + c", "\"\"\"________\"\"\" + c")]
    [TestCase("'\"' + a + '\\'' // b", "'_' + a + '__'     ")]
    public void Code_is_told_from_comments_and_strings(string text, string code) => Assert.That(CSharpText.CodeOf(text), Is.EqualTo(code));

    private static readonly string[] Known = ["src/Real/File.cs", "src/Real", "docs/page.md"];

    private static readonly SourceFile Replica = new("src/RaftDb.Server/Replicas/Replica.cs", "internal sealed class Replica;\n");

    private static string Project(params string[] references) =>
        "<Project>\n  <ItemGroup>\n" + string.Concat(references.Select(name => $"<ProjectReference Include=\"../{name}/{name}.csproj\" />\n")) + "  </ItemGroup>\n</Project>\n";

    private static void Found(IEnumerable<Finding> findings, string file, int line)
    {
        Finding[] all = [.. findings];
        Assert.That(all, Is.Not.Empty);
        Assert.That(all.Select(finding => (finding.File, finding.Line)), Has.All.EqualTo((file, line)));
        Assert.That(all.Select(finding => finding.Advice.Length), Has.All.GreaterThan(30));
    }
}
