using System.Text.Json;

namespace RaftDb.ClusterTests;

/// <summary>A replica moves to a node that had none, and back under a new id.</summary>
[NonParallelizable]
internal sealed class MoveTests
{
    private const ulong Range = 2;

    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-move-").FullName;

    [OneTimeTearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task A_replica_that_moves_away_and_back_is_a_new_one_and_equal()
    {
        using NodeCluster nodes = new(_directory, 4);
        await nodes.StartAllAsync();
        await nodes.PutManyAsync(500);
        ulong before = await nodes.ReplicaOnAsync(Range, 3);

        await MoveAsync(nodes, from: 3, to: 4);
        ulong there = await nodes.RebuiltAsync(Range, 4, before);
        await nodes.PutAsync("between", "two moves");
        await MoveAsync(nodes, from: 4, to: 3);
        ulong back = await nodes.RebuiltAsync(Range, 3, there);
        Assert.That((before < there, there < back), Is.EqualTo((true, true)), "no id comes twice");

        (int exitCode, JsonElement check) = await NodeCluster.CheckAsync(nodes.Server(4));
        Assert.That(exitCode, Is.Zero, check.GetRawText());
        (int get, string value, string error) = await Raftdb.RunAsync("get", "between", "--consistency", "eventual", "--replica", "3", "--server", nodes.Server(3));
        Assert.That((get, value.Trim()), Is.EqualTo((0, "two moves")), error);

        (int refused, _, string why) = await Raftdb.RunAsync("range", "move", $"{Range}", "--from", "4", "--to", "3", "--server", nodes.Server(2));
        Assert.That((refused, why.Contains("has no replica on node 4", StringComparison.Ordinal)), Is.EqualTo((1, true)), why);
    }

    private static async Task MoveAsync(NodeCluster nodes, int from, int to)
    {
        (int exitCode, _, string error) = await Raftdb.RunAsync("range", "move", $"{Range}", "--from", $"{from}", "--to", $"{to}", "--server", nodes.Server(1));
        Assert.That(exitCode, Is.Zero, error);
    }
}
