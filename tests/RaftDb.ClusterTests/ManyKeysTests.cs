namespace RaftDb.ClusterTests;

/// <summary>Many keys of several ranges through the command: batches, multi-gets, deletes of whole intervals.</summary>
[NonParallelizable]
internal sealed class ManyKeysTests
{
    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-many-").FullName;

    [OneTimeTearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task Batches_multi_gets_and_deletes_go_over_ranges_in_pages()
    {
        using NodeCluster nodes = new(_directory, 1, "Node:SplitKeys=k1,k2");
        await nodes.StartAllAsync();
        string lines = Path.Combine(_directory, "lines");
        await File.WriteAllLinesAsync(lines, Enumerable.Range(0, 2500).Select(i => $$$"""{"put":{"key":"k{{{i % 3}}}-{{{i:0000}}}","value":"{{{i}}}"}}""").Append("""{"increment":{"key":"n","by":3}}"""));
        Assert.That(await RunAsync(nodes, "batch", lines), Is.EqualTo("done: 2501 operations"));
        Assert.That(await RunAsync(nodes, "mget", "k2-0002", "nope", "k0-0000", "n"), Is.EqualTo("k2-0002\t2\nk0-0000\t0\nn\t3"));
        Assert.That(await RunAsync(nodes, "mget", "nope", "--json"), Is.EqualTo("""{"key":"nope","value":null,"version":0,"index":null}"""));
        Assert.That(await RunAsync(nodes, "delete-range", "--prefix", "k", "--limit", "1200"), Is.EqualTo("deleted: 1200 keys, and there may be more"));
        Assert.That(await RunAsync(nodes, "delete-range", "--prefix", "k", "--json"), Is.EqualTo("""{"deleted":1300,"more":false}"""));
        Assert.That(await RunAsync(nodes, "scan", "--keys-only"), Is.EqualTo("n"));

        (int exitCode, _, string error) = await Raftdb.RunWithInputAsync("{\"put\":{\"key\":\"a\",\"value\":\"1\"}}\nnonsense\n", "batch", "--server", nodes.Server(1));
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("Line 2 is no JSON").And.Contain("0 operations were done"));
    }

    private static async Task<string> RunAsync(NodeCluster nodes, params IEnumerable<string> arguments)
    {
        (int exitCode, string output, string error) = await Raftdb.RunAsync([.. arguments, "--server", nodes.Server(1)]);
        Assert.That(exitCode, Is.Zero, error);
        return output.Trim().ReplaceLineEndings("\n");
    }
}
