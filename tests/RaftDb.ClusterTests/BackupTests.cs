using System.Text.Json;
using RaftDb.Cli.Drills;

namespace RaftDb.ClusterTests;

/// <summary>What was backed up is there after a restore, to the last bit of each range's digest.</summary>
[NonParallelizable]
internal sealed class BackupTests
{
    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-backup-").FullName;

    [OneTimeTearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task A_cluster_restored_from_a_backup_made_under_load_has_the_digests_of_the_backup()
    {
        string file = Path.Combine(_directory, "backup");
        string first = Path.Combine(_directory, "first");
        string second = Path.Combine(_directory, "second");
        string backup;
        int port = BasePort();
        using (Raftdb cluster = Raftdb.Start("dev", "--data", first, "--base-port", port.ToString(), "--split-keys", "g,n"))
        {
            await cluster.SaysAsync("The cluster is ready");
            string server = $"127.0.0.1:{port + 1}";
            foreach (string key in (string[])["a", "h", "z"])
            {
                Assert.That((await Raftdb.RunAsync("put", key, $"value of {key}", "--server", server)).ExitCode, Is.Zero);
            }

            // Writers are at work before, while and after the backup is made.
            using Raftdb load = Raftdb.Start("bench", "write", "--clients", "8", "--seconds", "8", "--keys", "2000", "--server", server);
            await CommittedAsync(port + 1, 500);
            (int exitCode, backup, string error) = await Raftdb.RunAsync("backup", file, "--json", "--server", server);
            Assert.That(exitCode, Is.Zero, error);
            Assert.That(load.HasExited, Is.False, "the load must outlast the backup");
            Assert.That(await load.ExitAsync(), Is.Zero, load.Error);
            await cluster.TerminateAsync();
            Assert.That(await cluster.ExitAsync(), Is.Zero, cluster.Error);
        }

        for (int node = 1; node <= 3; node++)
        {
            (int exitCode, _, string error) = await Raftdb.RunAsync("restore", file, "--data", Path.Combine(second, $"node{node}"));
            Assert.That(exitCode, Is.Zero, error);
        }

        port = BasePort();
        using Raftdb restored = Raftdb.Start("dev", "--data", second, "--base-port", port.ToString());
        await restored.SaysAsync("The cluster is ready");
        using HttpClient http = new();
        using JsonDocument told = JsonDocument.Parse(backup);
        foreach (JsonElement range in told.RootElement.GetProperty("ranges").EnumerateArray())
        {
            for (int node = 1; node <= 3; node++)
            {
                string answer = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port + node}/v1/ranges/{range.GetProperty("id").GetUInt64()}/digest"));
                using JsonDocument digest = JsonDocument.Parse(answer);
                Assert.That(digest.RootElement.GetProperty("hash").GetString(), Is.EqualTo(range.GetProperty("digest").GetString()), answer);
            }
        }
    }

    /// <summary>Waits until so many entries are committed over all ranges.</summary>
    private static async Task CommittedAsync(int port, ulong entries)
    {
        using HttpClient http = new();
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
        ulong committed = 0;
        while (committed < entries)
        {
            using JsonDocument status = JsonDocument.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/v1/status"), patience.Token));
            committed = status.RootElement.GetProperty("ranges").EnumerateArray().Aggregate(0UL, (sum, range) => sum + range.GetProperty("commit").GetUInt64());
        }
    }

    [Test]
    public async Task A_node_that_lost_all_others_is_recovered_alone_and_only_on_consent()
    {
        string data = Path.Combine(_directory, "lost");
        int port = BasePort();
        using (Raftdb cluster = Raftdb.Start("dev", "--data", data, "--base-port", port.ToString()))
        {
            await cluster.SaysAsync("The cluster is ready");
            Assert.That((await Raftdb.RunAsync("put", "a", "kept", "--ack", "all", "--server", $"127.0.0.1:{port + 1}")).ExitCode, Is.Zero);
        }

        string node = Path.Combine(data, "node2");
        (int exitCode, string output, string error) = await Raftdb.RunWithInputAsync("no\n", "recover", "--data", node, "--unsafe");
        Assert.That((exitCode, error), Is.EqualTo((1, error)), output);
        Assert.That(error, Does.Contain("Nothing was changed"));
        (exitCode, output, error) = await Raftdb.RunWithInputAsync("lose what only the others had\n", "recover", "--data", node, "--unsafe");
        Assert.That(exitCode, Is.Zero, error);
        string peer = $"127.0.0.1:{port + 202}";
        using Raftdb alone = Raftdb.Start(
            "start", "--id", "2", "--data", node, "--http", $"127.0.0.1:{port + 2}", "--resp", $"127.0.0.1:{port + 102}", "--peer", peer, "--cluster", $"2={peer}");
        await alone.SaysAsync("is ready");
        (exitCode, output, error) = await Raftdb.RunAsync("get", "a", "--server", $"127.0.0.1:{port + 2}");
        Assert.That((exitCode, output.Trim()), Is.EqualTo((0, "kept")), error);
    }

    [Test]
    public async Task A_backup_that_was_cut_short_is_refused()
    {
        string file = Path.Combine(_directory, "short");
        await File.WriteAllTextAsync(file, "RAFTDB-BACKUP 1\n");
        (int exitCode, _, string error) = await Raftdb.RunAsync("restore", file, "--data", Path.Combine(_directory, "never"));
        Assert.That((exitCode, Directory.Exists(Path.Combine(_directory, "never"))), Is.EqualTo((1, false)), error);
        Assert.That(error, Does.Contain("not finished"));
    }

    private static int BasePort() => LoopbackPorts.FreeBase(1, 2, 3, 102, 201, 202, 203);
}
