using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using RaftDb.Client;
using RaftDb.Client.DependencyInjection;
using RaftDb.Tests.Server.Hosting.Embedded;

namespace RaftDb.Tests.Client.DependencyInjection;

/// <summary>Clients as services, and what tells their health.</summary>
[NonParallelizable]
public sealed class ServiceTests
{
    [Test]
    public async Task A_client_is_one_for_the_application_and_connects_when_it_is_used()
    {
        ServiceCollection services = new();
        services.AddRaftDb(o => o.Servers = "127.0.0.1:1");
        services.AddKeyedRaftDb("other", o => o.Servers = "127.0.0.1:2");
        await using ServiceProvider provider = services.BuildServiceProvider();
        RaftDbClient client = provider.GetRequiredService<RaftDbClient>();
        Assert.That(provider.GetRequiredService<RaftDbClient>(), Is.SameAs(client));
        RaftDbClient other = provider.GetRequiredKeyedService<RaftDbClient>("other");
        Assert.That(other, Is.Not.SameAs(client));
        Assert.That(provider.GetRequiredKeyedService<RaftDbClient>("other"), Is.SameAs(other));
    }

    [Test]
    public async Task Options_can_be_bound_to_a_section()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["RaftDb:Servers"] = "127.0.0.1:8101,127.0.0.1:8102",
            ["RaftDb:Client:Timeout"] = "00:00:03",
            ["Other:Servers"] = "127.0.0.1:9101",
        }).Build();
        ServiceCollection services = new();
        services.AddRaftDb(configuration.GetSection("RaftDb"));
        services.AddKeyedRaftDb("other", configuration.GetSection("Other"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        IOptionsMonitor<RaftDbConnectionOptions> options = provider.GetRequiredService<IOptionsMonitor<RaftDbConnectionOptions>>();
        Assert.That(options.CurrentValue.Servers, Is.EqualTo("127.0.0.1:8101,127.0.0.1:8102"));
        Assert.That(options.CurrentValue.Client, Is.EqualTo(new RaftDbClientOptions { Timeout = TimeSpan.FromSeconds(3) }));
        Assert.That(options.Get("other").Servers, Is.EqualTo("127.0.0.1:9101"));
    }

    [TestCase("", 1, "option Servers is missing")]
    [TestCase("127.0.0.1:8101,nowhere", 1, "option Servers: 'nowhere' is not an address")]
    [TestCase("127.0.0.1:8101", 0, "option Client: Timeout must be above zero")]
    public void What_is_wrong_with_options_is_said_at_the_start(string servers, int timeout, string expected)
    {
        ServiceCollection services = new();
        services.AddKeyedRaftDb("orders", o =>
        {
            o.Servers = servers;
            o.Client = new() { Timeout = TimeSpan.FromSeconds(timeout) };
        });
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.That(() => provider.GetRequiredService<IStartupValidator>().Validate(), Throws.InstanceOf<OptionsValidationException>().With.Message.Contains("RaftDb client 'orders': " + expected));
    }

    [Test]
    public async Task The_health_of_a_cluster_is_that_of_its_ranges()
    {
        await using AppCluster apps = await AppCluster.StartAsync(1);
        ServiceCollection services = new();
        services.AddLogging();
        services.AddRaftDb(o => o.Servers = apps.Servers);
        services.AddKeyedRaftDb("nobody", o =>
        {
            o.Servers = "127.0.0.1:1";
            o.Client = new() { Timeout = TimeSpan.FromMilliseconds(200) };
        });
        services.AddHealthChecks().AddRaftDb().AddRaftDb("other", "nobody", HealthStatus.Degraded, ["remote"]);
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.That(report.Entries["raftdb"].Status, Is.EqualTo(HealthStatus.Healthy), report.Entries["raftdb"].Description);
        Assert.That(report.Entries["raftdb"].Data["nodes"], Is.EqualTo(1));
        Assert.That(report.Entries["other"].Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(report.Entries["other"].Description, Does.StartWith("No node of the cluster answers"));
    }
}
