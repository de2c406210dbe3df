using RaftDb.Cli.Drills;

namespace RaftDb.ClusterTests;

/// <summary>Three real nodes, and disks that don't belong to them: each is refused in words that say which.</summary>
[NonParallelizable]
internal sealed class IdentityTests
{
    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-identity-").FullName;
    private readonly List<Raftdb> _nodes = [];
    private int[] _ports = [];

    [TearDown]
    public void End()
    {
        foreach (Raftdb node in _nodes)
        {
            node.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    [Test]
    public async Task A_wiped_disk_and_a_disk_of_another_cluster_are_refused_and_the_right_one_is_taken_back()
    {
        // 1. A cluster of three with something in it, and another cluster of one.
        _ports = LoopbackPorts.Free(12);
        for (int id = 1; id <= 3; id++)
        {
            _nodes.Add(Start(id, $"node{id}", Cluster));
        }

        await SaysReadyAsync(_nodes);
        (int put, _, string putError) = await Raftdb.RunAsync("put", "a", "1", "--server", $"127.0.0.1:{_ports[0]}");
        Assert.That(put, Is.Zero, putError);
        string elsewhere = $"3=127.0.0.1:{_ports[11]}";
        using (Raftdb other = Raftdb.Start(Arguments(3, "other", elsewhere, 9)))
        {
            await other.SaysAsync("is ready");
            await other.TerminateAsync();
            await other.ExitAsync();
        }

        // 2. Node 3 stops; its name is taken by a wiped disk, then by the other cluster's.
        await _nodes[2].TerminateAsync();
        await _nodes[2].ExitAsync();
        (int wiped, _, string wipedError) = await Raftdb.RunAsync(Arguments(3, "wiped", Cluster, 6));
        Assert.That(wiped, Is.EqualTo(1), wipedError);
        Assert.That(wipedError, Does.Contain("wiped").IgnoreCase.Or.Contain("empty"));
        (int foreign, _, string foreignError) = await Raftdb.RunAsync(Arguments(3, "other", Cluster, 6));
        Assert.That(foreign, Is.EqualTo(1), foreignError);
        Assert.That(foreignError, Does.Contain("--cluster").Or.Contain("another cluster"));

        // 3. Its own disk is taken back.
        using Raftdb again = Start(3, "node3", Cluster);
        await again.SaysAsync("is ready");
        (int get, string value, _) = await Raftdb.RunAsync("get", "a", "--server", $"127.0.0.1:{_ports[6]}");
        Assert.That((get, value.Trim()), Is.EqualTo((0, "1")));
    }

    private string Cluster => $"1=127.0.0.1:{_ports[2]},2=127.0.0.1:{_ports[5]},3=127.0.0.1:{_ports[8]}";

    private static async Task SaysReadyAsync(IEnumerable<Raftdb> nodes)
    {
        foreach (Raftdb node in nodes)
        {
            await node.SaysAsync("is ready");
        }
    }

    private Raftdb Start(int id, string name, string cluster) => Raftdb.Start(Arguments(id, name, cluster, 3 * (id - 1)));

    private string[] Arguments(int id, string name, string cluster, int firstPort) =>
    [
        "start", "--id", $"{id}", "--data", Path.Combine(_directory, name), "--http", $"127.0.0.1:{_ports[firstPort]}",
        "--resp", $"127.0.0.1:{_ports[firstPort + 1]}", "--peer", $"127.0.0.1:{_ports[firstPort + 2]}", "--cluster", cluster,
    ];
}
