using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RaftDb.Cli.Drills;
using RaftDb.Client;

namespace RaftDb.Tests.Server.Hosting.Embedded;

/// <summary>Nodes inside applications, as applications see them.</summary>
[NonParallelizable]
public sealed class EmbeddedNodeTests
{
    [Test]
    public async Task Applications_with_a_node_each_are_a_cluster_and_a_stop_hands_leadership_over()
    {
        LineLog log = new();
        await using AppCluster apps = await AppCluster.StartAsync(3, builder => builder.Logging.AddProvider(log));
        await apps.Client(0).PutAsync("greeting", "hello");
        Entry? entry = await apps.Client(2).GetAsync("greeting");
        Assert.That(entry!.Value.ToArray(), Is.EqualTo("hello"u8.ToArray()));

        ulong leader = (await apps.Client(0).StatusAsync()).Ranges.Single(range => range.Kind == "kv").Leader!.Value;
        await apps.Hosts[(int)leader - 1].StopAsync();
        RaftDbClient other = apps.Client((int)(leader % 3));
        await other.PutAsync("greeting", "hello again");
        Assert.That((await other.StatusAsync()).Ranges.Single(range => range.Kind == "kv").Leader, Is.Not.EqualTo(leader));

        Assert.That(log.Lines, Has.Some.Contains($"RaftDb.Server.node {leader}"), "the node writes to the application's log");
        Assert.That(log.Lines, Has.None.Contains("Microsoft.AspNetCore"), "its web server keeps quiet");
    }

    [Test]
    public async Task The_health_check_is_that_of_the_node()
    {
        await using AppCluster apps = await AppCluster.StartAsync(1);
        HealthCheckService checks = apps.Hosts[0].Services.GetRequiredService<HealthCheckService>();
        HealthReport healthy = await checks.CheckHealthAsync(check => check.Tags.Contains("ready"));
        Assert.That(healthy.Entries["raftdb-node"].Status, Is.EqualTo(HealthStatus.Healthy), healthy.Entries["raftdb-node"].Description);

        await apps.Hosts[0].StopAsync();
        HealthReport stopped = await checks.CheckHealthAsync();
        Assert.That(stopped.Entries["raftdb-node"].Status, Is.EqualTo(HealthStatus.Unhealthy));
    }

    [Test]
    public async Task Options_come_from_the_configuration_and_settings_reach_the_node()
    {
        int[] ports = LoopbackPorts.Free(2);
        string data = Directory.CreateTempSubdirectory("raftdb-app-").FullName;
        LineLog log = new();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(log);
        builder.Configuration["RaftDb:Node:DataDirectory"] = data;
        builder.Configuration["RaftDb:Node:Http"] = $"127.0.0.1:{ports[0]}";
        builder.Configuration["RaftDb:Node:Cluster:1"] = $"127.0.0.1:{ports[1]}";
        builder.Configuration["RaftDb:Node:Resp"] = "";
        builder.Configuration["RaftDb:Node:SplitKeys:0"] = "m";
        builder.Configuration["RaftDb:Node:Settings:Limits:MaxValueBytes"] = "2000";
        builder.AddRaftDbNode(o => o.Peer = $"127.0.0.1:{ports[1]}");
        try
        {
            using IHost host = builder.Build();
            await host.StartAsync();
            Assert.That(log.Lines, Has.None.Contains("Serving RESP"));
            RaftDbClient client = host.Services.GetRequiredService<RaftDbClient>();
            RaftDbException refused = (await Assert.ThrowsAsync<RaftDbException>(() => client.PutAsync("a", new byte[2001])))!;
            Assert.That(refused.Code, Is.EqualTo(RaftDbErrorCodes.TooLarge));
            Assert.That((await client.StatusAsync()).Ranges.Count(range => range.Kind == "kv"), Is.EqualTo(2));
            Assert.That(log.Lines, Has.Some.Contains("RaftDb.Client.RaftDbClient: No node of the cluster serves RESP"), "the client writes to the application's log");
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [TestCase("DataDirectory", "DataDirectory is missing")]
    [TestCase("Id", "RaftDbNodeOptions.Id must be 1 or more")]
    [TestCase("Http", "RaftDbNodeOptions.Http: 'nowhere' is not HOST:PORT")]
    [TestCase("Peer", "RaftDbNodeOptions.Peer is '0.0.0.0:1', beyond loopback")]
    [TestCase("Resp", "it can't be 0")]
    [TestCase("Cluster", "RaftDbNodeOptions.Cluster does not name this node, 1")]
    [TestCase("SplitKeys", "RaftDbNodeOptions.SplitKeys has 'a,b'")]
    [TestCase("Settings", "Option Raft:Nope (from Settings) is not known")]
    [TestCase("Value", "Option Session:IdleTimeout (from Settings) is 'soon'; it must be a duration")]
    public async Task An_option_that_makes_no_sense_is_named_before_anything_starts(string option, string expected)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddRaftDbNode(o =>
        {
            o.DataDirectory = option == "DataDirectory" ? "" : Path.Combine(Path.GetTempPath(), "raftdb-never-made");
            o.Id = option == "Id" ? 0UL : 1;
            o.Http = option == "Http" ? "nowhere" : o.Http;
            o.Peer = option == "Peer" ? "0.0.0.0:1" : o.Peer;
            o.Resp = option == "Resp" ? "127.0.0.1:0" : null;
            (string name, string value) = option == "Value" ? ("Session:IdleTimeout", "soon") : ("Raft:Nope", "1");
            if (option is "Settings" or "Value")
            {
                o.Settings[name] = value;
            }

            if (option == "SplitKeys")
            {
                o.SplitKeys.Add("a,b");
            }

            if (option == "Cluster")
            {
                o.Cluster[2] = "127.0.0.1:9";
            }
        });
        using IHost host = builder.Build();
        Exception refused = (await Assert.CatchAsync(() => host.StartAsync()))!;
        Assert.That(refused.Message, Does.Contain(expected));
        Assert.That(Directory.Exists(Path.Combine(Path.GetTempPath(), "raftdb-never-made")), Is.False);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_node_that_cannot_start_stops_the_application_and_says_why(bool inBackground)
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        string data = Directory.CreateTempSubdirectory("raftdb-app-").FullName;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddRaftDbNode(o =>
        {
            o.DataDirectory = data;
            o.Http = taken.LocalEndPoint!.ToString()!;
            o.StartInBackground = inBackground;
        });
        IHost host = builder.Build();
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
            Exception failure = (await Assert.CatchAsync(() => host.RunAsync(patience.Token)))!;
            Assert.That(failure.Message, Does.Contain($"can't listen on {taken.LocalEndPoint}"));
            Assert.That(patience.IsCancellationRequested, Is.False);
        }
        finally
        {
            await ((IAsyncDisposable)host).DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>Every line that an application logs.</summary>
    private sealed class LineLog : ILoggerProvider
    {
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => new Log(categoryName, _lines);

        public void Dispose()
        {
        }

        private sealed class Log(string category, List<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                lock (lines)
                {
                    lines.Add($"{category}: {formatter(state, exception)}");
                }
            }
        }
    }
}
