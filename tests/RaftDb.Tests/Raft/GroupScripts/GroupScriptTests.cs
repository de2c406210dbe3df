using RaftDb.Tests.DataDriven;

namespace RaftDb.Tests.Raft.GroupScripts;

/// <summary>Scripts of whole groups and what every node does in them: the golden files are meant to be read. <c>REWRITE=1</c> rewrites
/// them with what happens now; then read the diff.</summary>
public sealed class GroupScriptTests
{
    private const string Folder = "raft";

    private static IEnumerable<string> Scripts() =>
        Directory.EnumerateFiles(Testdata.Copy(Folder), "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Scripts))]
    public void Script(string file)
    {
        var path = $"{Folder}/{file}";
        var runner = new ScriptRunner();
        var results = new List<(Directive, IReadOnlyList<string>)>();
        foreach (var directive in DataDrivenFile.Read(path))
        {
            var output = runner.Run(directive);
            results.Add((directive, output));
            if (!Testdata.Rewrite)
            {
                Assert.That(output, Is.EqualTo(directive.Expected), directive.ToString());
            }
        }

        if (Testdata.Rewrite)
        {
            DataDrivenFile.Rewrite(path, results);
        }
    }

    [Test]
    public void Every_script_says_on_top_what_it_is_about()
    {
        Assert.That(Scripts().Count(), Is.GreaterThanOrEqualTo(12));
        Assert.That(Scripts().Select(file => File.ReadLines(Testdata.Copy($"{Folder}/{file}")).First()), Has.All.StartsWith("# Goal: "));
    }
}
