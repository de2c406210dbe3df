using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftDb.Client.DependencyInjection;
using RaftDb.Server.Hosting.Embedded;

// The namespace of IHostApplicationBuilder, where programs look for what extends it.
namespace Microsoft.Extensions.Hosting;

/// <summary>A RaftDb node inside an application.</summary>
public static class RaftDbNodeBuilderExtensions
{
    private const string Section = "RaftDb:Node";

    /// <summary>
    /// Runs a node inside this application: it starts and stops with the host, writes to its log, and listens on addresses of its own. Options come from the
    /// configuration section <c>RaftDb:Node</c>, then from <paramref name="configure"/>. A <c>RaftDbClient</c> of this node is added (other servers can be given with
    /// <c>AddRaftDb</c>), an <see cref="EmbeddedNode"/>, and a health check <c>raftdb-node</c> with the tag <c>ready</c>. One node per application.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="configure">Says who the node is and where it listens.</param>
    public static IHostApplicationBuilder AddRaftDbNode(this IHostApplicationBuilder builder, Action<RaftDbNodeOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        IServiceCollection services = builder.Services;
        OptionsBuilder<RaftDbNodeOptions> options = services.AddOptions<RaftDbNodeOptions>();
        options.Configure<IConfiguration>(static (node, configuration) => Bind(node, configuration.GetSection(Section)));
        if (configure is not null)
        {
            options.Configure(configure);
        }

        options.ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RaftDbNodeOptions>, NodeOptionsValidator>());
        if (services.Any(service => service.ServiceType == typeof(EmbeddedNode)))
        {
            return builder;
        }

        services.AddSingleton(static provider => new EmbeddedNode(
            provider.GetRequiredService<IOptions<RaftDbNodeOptions>>(),
            provider.GetRequiredService<IHostApplicationLifetime>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService(static provider => provider.GetRequiredService<EmbeddedNode>());
        services.AddHealthChecks().AddCheck<EmbeddedNodeHealthCheck>("raftdb-node", tags: ["ready"]);
        services.AddRaftDb(static _ => { });
        services.AddOptions<RaftDbConnectionOptions>().PostConfigure<IEnumerable<IConfigureOptions<RaftDbNodeOptions>>>(static (client, configured) =>
        {
            if (client.Servers.Length == 0)
            {
                client.Servers = Reachable(configured);
            }
        });
        return builder;
    }

    /// <summary>A node's <c>Settings</c> have a colon in their names, which a configuration takes for a section in a section.</summary>
    private static void Bind(RaftDbNodeOptions node, IConfigurationSection section)
    {
        section.Bind(node);
        node.Settings.Clear();
        foreach ((string name, string? value) in section.GetSection(nameof(node.Settings)).AsEnumerable(makePathsRelative: true))
        {
            if (value is not null)
            {
                node.Settings[name] = value;
            }
        }
    }

    /// <summary>The node's address, as one to dial. From options that were not validated: what is wrong with them is said once, by their own validation.</summary>
    private static string Reachable(IEnumerable<IConfigureOptions<RaftDbNodeOptions>> configured)
    {
        RaftDbNodeOptions node = new();
        foreach (IConfigureOptions<RaftDbNodeOptions> configure in configured)
        {
            configure.Configure(node);
        }

        int colon = node.Http.LastIndexOf(':');
        bool any = colon > 0 && IPAddress.TryParse(node.Http[..colon].Trim('[', ']'), out IPAddress? address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        return any ? $"127.0.0.1{node.Http[colon..]}" : node.Http;
    }
}
