using System.Text;
using RaftDb.Server.Bootstrap;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Tests.Server.Transport;

namespace RaftDb.Tests.Server.Bootstrap;

[TestFixture]
internal sealed class BootstrapperTests
{
    private readonly List<BootstrapNode> _nodes = [];
    private string _root = "";

    [SetUp]
    public void MakeDirectory() => _root = Directory.CreateTempSubdirectory("raftdb-bootstrap-").FullName;

    [TearDown]
    public async Task Stop()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _nodes.Clear();
        Directory.Delete(_root, recursive: true);
    }

    [Test]
    public async Task Three_nodes_agree_on_one_cluster_and_on_each_others_stores()
    {
        await ListenAsync(3);
        var identities = await Until.DoneAsync(Task.WhenAll(_nodes.Select(node => node.RunAsync())), "the bootstrap");
        Assert.That(identities.Select(i => i.Cluster).Distinct().Single(), Is.Not.EqualTo(Guid.Empty));
        Assert.That(identities.Select(i => i.Store).Distinct().Count(), Is.EqualTo(3));
        foreach (var identity in identities)
        {
            Assert.That(identity.Members.Select(m => m.Store), Is.EqualTo(identities.Select(i => i.Store)));
            Assert.That(identity.AgreementHash.ToArray(), Is.EqualTo(identities[0].AgreementHash.ToArray()));
        }

        Assert.That(NodeIdentityStore.Load(_nodes[1].Data)!.Cluster, Is.EqualTo(identities[0].Cluster));
    }

    [Test]
    public async Task A_single_node_agrees_with_itself()
    {
        await ListenAsync(1);
        var identity = await Until.DoneAsync(_nodes[0].RunAsync(), "the bootstrap");
        Assert.That(identity.Members.Single().Store, Is.EqualTo(identity.Store));
    }

    [Test]
    public async Task Nobody_goes_on_while_a_node_is_missing_and_the_others_say_whom_they_wait_for()
    {
        await ListenAsync(3);
        var first = _nodes[0].RunAsync();
        var second = _nodes[1].RunAsync();
        await Until.TrueAsync(() => _nodes[0].Progress.Any(p => p.StartsWith("waiting for node 3 at 127.0.0.1:", StringComparison.Ordinal)), "node 1 waits for node 3");
        Assert.That((first.IsCompleted, second.IsCompleted), Is.EqualTo((false, false)));
        Assert.That(NodeIdentityStore.Load(_nodes[0].Data), Is.Null);

        await Until.DoneAsync(Task.WhenAll(first, second, _nodes[2].RunAsync()), "the bootstrap");
    }

    [Test]
    public async Task The_port_goes_from_the_bootstrap_to_the_transport_without_a_gap()
    {
        await ListenAsync(3);
        var identities = await Until.DoneAsync(Task.WhenAll(_nodes.Select(node => node.RunAsync())), "the bootstrap");
        List<TestNode> started = [.. _nodes.Select((node, i) => TestNode.Start(node.Listener, identities[i], new()))];
        await TestNode.ConnectedAsync(started);
        foreach (var node in started)
        {
            await node.DisposeAsync();
        }
    }

    [Test]
    public async Task A_restart_with_the_same_cluster_keeps_the_identity_and_may_move_addresses()
    {
        await ListenAsync(1);
        var first = await Until.DoneAsync(_nodes[0].RunAsync(), "the bootstrap");
        _nodes[0].Cluster[new(1)] = "127.0.0.1:1";
        var again = await _nodes[0].RunAsync();
        Assert.That((again.Cluster, again.Store, again.Members[0].Address), Is.EqualTo((first.Cluster, first.Store, "127.0.0.1:1")));
    }

    [Test]
    public async Task A_restart_with_other_nodes_or_split_keys_is_refused_and_names_them()
    {
        await ListenAsync(1);
        await Until.DoneAsync(_nodes[0].RunAsync(), "the bootstrap");

        _nodes[0].SplitKeys = ["m"];
        Assert.That((await RefusedAsync(_nodes[0].RunAsync())).Message, Does.Contain("(none)").And.Contain("--split-keys is m"));

        _nodes[0].SplitKeys = [];
        _nodes[0].Cluster[new(5)] = "127.0.0.1:1";
        Assert.That((await RefusedAsync(_nodes[0].RunAsync())).Message, Does.Contain("new: 5").And.Contain("raftdb node add"));
    }

    [Test]
    public async Task A_data_directory_of_another_node_is_refused()
    {
        await ListenAsync(1);
        await Until.DoneAsync(_nodes[0].RunAsync(), "the bootstrap");
        BootstrapNode other = new(new(2), _nodes[0].Data, _nodes[0].Listener) { Cluster = { [new(2)] = "127.0.0.1:1" } };
        Assert.That((await RefusedAsync(other.RunAsync())).Message, Does.Contain("belongs to node 1").And.Contain("node 2"));
    }

    [TestCase("--cluster")]
    [TestCase("--split-keys")]
    public async Task Nodes_that_were_told_different_things_refuse_each_other_by_name(string what)
    {
        await ListenAsync(2);
        if (what == "--cluster")
        {
            _nodes[1].Cluster[new(7)] = "127.0.0.1:9";
        }
        else
        {
            _nodes[1].SplitKeys = ["g", "t"];
        }

        var (first, second) = (_nodes[0].RunAsync(), _nodes[1].RunAsync());
        var fault = await RefusedAsync(first);
        await RefusedAsync(second);
        Assert.That(fault.Message, Does.Contain("Node 2").And.Contain(what).And.Contain(what == "--cluster" ? "7=127.0.0.1:9" : "split=g,t"));
    }

    [Test]
    public async Task A_wiped_node_is_refused_by_the_cluster_it_belonged_to()
    {
        await ListenAsync(3);
        var identities = await Until.DoneAsync(Task.WhenAll(_nodes.Select(node => node.RunAsync())), "the bootstrap");
        List<TestNode> started = [.. _nodes.Take(2).Select((node, i) => TestNode.Start(node.Listener, identities[i], new(), new()))];
        Directory.Delete(_nodes[2].Data, recursive: true);

        var fault = await RefusedAsync(_nodes[2].RunAsync());
        Assert.That(fault.Message, Does.Contain($"already belongs to cluster {identities[0].Cluster}").And.Contain("this data directory is empty"));
        Assert.That(started.SelectMany(n => n.Log.Errors), Has.Some.Contains("claims").And.Some.Contains("to be node 3"));
        foreach (var node in started)
        {
            await node.DisposeAsync();
        }
    }

    [Test]
    public async Task Two_processes_with_one_id_are_found_out()
    {
        await ListenAsync(2);
        var waiting = _nodes[0].RunAsync();
        var second = _nodes[1].RunAsync();
        await Until.DoneAsync(Task.WhenAll(waiting, second), "the bootstrap of the honest nodes");

        BootstrapNode twin = new(new(2), Path.Combine(_root, "twin"), await PeerListener.BindAsync("127.0.0.1:0", new(), new ListLog()))
        {
            Cluster = new(_nodes[0].Cluster),
        };
        _nodes.Add(twin);
        Assert.That((await RefusedAsync(twin.RunAsync())).Message, Does.Contain("already belongs to cluster"));
    }

    [Test]
    public async Task A_twin_that_comes_before_all_are_there_is_turned_away()
    {
        await ListenAsync(3);
        var waiting = Task.WhenAll(_nodes[0].RunAsync(), _nodes[1].RunAsync());
        await Until.TrueAsync(() => _nodes[0].Progress.Any(p => p.StartsWith("waiting for node 3", StringComparison.Ordinal)), "nodes 1 and 2 have met");
        BootstrapNode twin = new(new(2), Path.Combine(_root, "twin"), await PeerListener.BindAsync("127.0.0.1:0", new(), new ListLog()))
        {
            Cluster = new(_nodes[0].Cluster),
        };
        _nodes.Add(twin);
        Assert.That((await RefusedAsync(twin.RunAsync())).Message, Does.Contain("Two processes were started as node 2"));
        await Until.DoneAsync(Task.WhenAll(waiting, _nodes[2].RunAsync()), "the bootstrap of the honest nodes");
    }

    [Test]
    public async Task Mixed_up_addresses_are_named()
    {
        await ListenAsync(2);
        _nodes[0].Cluster[new(3)] = _nodes[0].Cluster[new(2)];
        _nodes[0].Cluster.Remove(new(2));
        var second = _nodes[1].RunAsync();
        Assert.That((await RefusedAsync(_nodes[0].RunAsync())).Message, Does.Contain("node 3").And.Contain("node 2"));
        await _nodes[1].StopAsync();
        await Assert.ThatAsync(() => second, Throws.Exception);
    }

    [Test]
    public async Task A_crash_between_promise_and_commit_is_resumed_with_the_same_cluster()
    {
        await ListenAsync(2);
        var told = ClusterAgreement.Of(_nodes[0].Cluster, [], 3);
        var cluster = Guid.NewGuid();
        (NodeId, Guid)[] stores = [(new(1), Guid.NewGuid()), (new(2), Guid.NewGuid())];
        Directory.CreateDirectory(_nodes[0].Data);
        Directory.CreateDirectory(_nodes[1].Data);
        NodeIdentityStore.Save(_nodes[0].Data, new(1), told, new(BootstrapPhase.Committed, stores[0].Item2, cluster, stores));
        NodeIdentityStore.Save(_nodes[1].Data, new(2), told, new(BootstrapPhase.Prepared, stores[1].Item2, cluster, stores));

        var committed = await _nodes[0].RunAsync();
        var serving = TestNode.Start(_nodes[0].Listener, committed, new());
        var late = await Until.DoneAsync(_nodes[1].RunAsync(), "the late node commits");
        Assert.That((late.Cluster, late.Store), Is.EqualTo((cluster, stores[1].Item2)));
        await serving.DisposeAsync();
    }

    [Test]
    public async Task A_damaged_identity_is_refused()
    {
        await ListenAsync(1);
        await Until.DoneAsync(_nodes[0].RunAsync(), "the bootstrap");
        var path = Path.Combine(_nodes[0].Data, NodeIdentityStore.FileName);
        var whole = await File.ReadAllTextAsync(path);
        foreach (var broken in new[] { whole[..(whole.Length / 2)], "", "null", whole.Replace("\"format\": 1", "\"format\": 9"), whole.Replace("committed", "done"), whole.Replace("\"members\": [", "\"members\": [], \"x\": [") })
        {
            await File.WriteAllTextAsync(path, broken);
            await Assert.ThrowsAsync<StorageRefusedException>(() => _nodes[0].RunAsync());
        }
    }

    [Test]
    public async Task Data_without_an_identity_is_refused()
    {
        await ListenAsync(1);
        Directory.CreateDirectory(Path.Combine(_nodes[0].Data, "binlog"));
        await File.WriteAllTextAsync(Path.Combine(_nodes[0].Data, "binlog", "1.log"), "x");
        var fault = await Assert.ThrowsAsync<StorageRefusedException>(() => _nodes[0].RunAsync());
        Assert.That(fault!.Message, Does.Contain("no identity.json"));
    }

    private static async Task<BootstrapRefusedException> RefusedAsync(Task running)
    {
        await Task.WhenAny(running, Task.Delay(Until.Limit));
        Assert.That(running.IsCompleted, Is.True, "the bootstrap was neither refused nor done");
        return (await Assert.ThrowsAsync<BootstrapRefusedException>(() => running))!;
    }

    private async Task ListenAsync(int nodes)
    {
        for (var i = 1; i <= nodes; i++)
        {
            _nodes.Add(new(new((ulong)i), Path.Combine(_root, $"{i}"), await PeerListener.BindAsync("127.0.0.1:0", new(), new ListLog())));
        }

        foreach (var node in _nodes)
        {
            node.Cluster = _nodes.ToDictionary(n => n.Node, n => TestNode.Address(n.Listener));
        }
    }

    /// <summary>A node's port and what it is told.</summary>
    private sealed class BootstrapNode(NodeId node, string data, PeerListener listener) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public NodeId Node { get; } = node;

        public string Data { get; } = data;

        public PeerListener Listener { get; } = listener;

        public Dictionary<NodeId, string> Cluster { get; set; } = new() { [node] = TestNode.Address(listener) };

        public string[] SplitKeys { get; set; } = [];

        public System.Collections.Concurrent.ConcurrentQueue<string> Progress { get; } = new();

        public Task<NodeIdentity> RunAsync() => Bootstrapper.RunAsync(
            new(Data, Node, Cluster, [.. SplitKeys.Select(key => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(key))], 3, Listener, new(), Progress.Enqueue),
            new ListLog(),
            _stopping.Token);

        public Task StopAsync() => _stopping.CancelAsync();

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            await Listener.DisposeAsync();
        }
    }
}
