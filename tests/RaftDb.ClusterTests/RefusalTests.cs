using System.Net;
using System.Net.Sockets;
using RaftDb.Cli.Drills;

namespace RaftDb.ClusterTests;

/// <summary>A node that must not start says why, in one line, and exits with 1; wrong usage exits with 2.</summary>
[NonParallelizable]
internal sealed class RefusalTests
{
    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-refusal-").FullName;
    private int[] _ports = [];

    [SetUp]
    public void TakePorts() => _ports = LoopbackPorts.Free(4);

    [OneTimeTearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task A_lone_node_starts_serves_and_stops_cleanly()
    {
        using Raftdb node = Raftdb.Start(Arguments("lone", $"1=127.0.0.1:{_ports[2]}"));
        await ReadyAsync(_ports[0]);
        (int put, _, string error) = await Raftdb.RunAsync("put", "a", "1", "--server", $"127.0.0.1:{_ports[0]}");
        Assert.That(put, Is.Zero, error);
        await node.TerminateAsync();
        Assert.That(await node.ExitAsync(), Is.Zero, node.Error);

        // What was acknowledged is there after the restart.
        using Raftdb again = Raftdb.Start(Arguments("lone", $"1=127.0.0.1:{_ports[2]}"));
        await ReadyAsync(_ports[0]);
        (int get, string value, _) = await Raftdb.RunAsync("get", "a", "--server", $"127.0.0.1:{_ports[0]}");
        Assert.That((get, value.Trim()), Is.EqualTo((0, "1")));
    }

    [Test]
    public async Task A_started_cluster_refuses_another_list_of_nodes()
    {
        using (Raftdb node = Raftdb.Start(Arguments("changed", $"1=127.0.0.1:{_ports[2]}")))
        {
            await ReadyAsync(_ports[0]);
            await node.TerminateAsync();
            await node.ExitAsync();
        }

        (int exitCode, _, string error) = await Raftdb.RunAsync(Arguments("changed", $"1=127.0.0.1:{_ports[2]},2=127.0.0.1:{_ports[3]}"));
        Assert.That(exitCode, Is.EqualTo(1), error);
        Assert.That(error, Does.Contain("--cluster"));
    }

    [Test]
    public async Task A_port_in_use_is_named()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, _ports[0]));
        taken.Listen();
        (int exitCode, _, string error) = await Raftdb.RunAsync(Arguments("port", $"1=127.0.0.1:{_ports[2]}"));
        Assert.That(exitCode, Is.EqualTo(1), error);
        Assert.That(error, Does.Contain("--http").And.Contain(_ports[0].ToString()));
    }

    [Test]
    public async Task A_data_directory_in_use_is_named()
    {
        using Raftdb node = Raftdb.Start(Arguments("used", $"1=127.0.0.1:{_ports[2]}"));
        await ReadyAsync(_ports[0]);
        _ports = LoopbackPorts.Free(4);
        (int exitCode, _, string error) = await Raftdb.RunAsync(Arguments("used", $"1=127.0.0.1:{_ports[2]}"));
        Assert.That(exitCode, Is.EqualTo(1), error);
        Assert.That(error, Does.Contain("used"));
    }

    [TestCase("--set", "Raft:NoSuchOption=1", "NoSuchOption")]
    [TestCase("--set", "Raft:HeartbeatInterval=5", "HeartbeatInterval")]
    [TestCase("--no-such-option", "1", "no-such-option")]
    public async Task A_wrong_option_is_named(string option, string value, string named)
    {
        (int exitCode, _, string error) = await Raftdb.RunAsync([.. Arguments("options", $"1=127.0.0.1:{_ports[2]}"), option, value]);
        Assert.That(exitCode, Is.EqualTo(2), error);
        Assert.That(error, Does.Contain(named));
    }

    private static async Task ReadyAsync(int port)
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/readyz"), patience.Token);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!patience.IsCancellationRequested)
            {
                // Not listening yet.
            }

            await Task.Delay(50, patience.Token);
        }
    }

    private string[] Arguments(string name, string cluster) =>
    [
        "start", "--id", "1", "--data", Path.Combine(_directory, name), "--http", $"127.0.0.1:{_ports[0]}", "--resp", $"127.0.0.1:{_ports[1]}",
        "--peer", $"127.0.0.1:{_ports[2]}", "--cluster", cluster,
    ];
}
