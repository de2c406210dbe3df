using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftDb.Client;
using RaftDb.Client.DependencyInjection;

// The namespace of IServiceCollection, where programs look for what extends it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Clients of RaftDb clusters as services.</summary>
public static class RaftDbServiceCollectionExtensions
{
    /// <summary>Adds a <see cref="RaftDbClient"/>, one for the whole application. It connects when it is first used.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Says where the cluster is.</param>
    public static IServiceCollection AddRaftDb(this IServiceCollection services, Action<RaftDbConnectionOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        AddOptions(services, Options.Options.DefaultName).Configure(configure);
        services.TryAddSingleton(static provider => Create(provider, Options.Options.DefaultName));
        return services;
    }

    /// <summary>Adds a <see cref="RaftDbClient"/> whose <see cref="RaftDbConnectionOptions"/> are in the configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">Has <c>Servers</c>, and under <c>Client</c> what differs from the defaults.</param>
    public static IServiceCollection AddRaftDb(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        AddOptions(services, Options.Options.DefaultName).Bind(section);
        services.TryAddSingleton(static provider => Create(provider, Options.Options.DefaultName));
        return services;
    }

    /// <summary>Adds one of several clients: <c>[FromKeyedServices("name")] RaftDbClient</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Its key, and the name of its options.</param>
    /// <param name="configure">Says where the cluster is.</param>
    public static IServiceCollection AddKeyedRaftDb(this IServiceCollection services, string name, Action<RaftDbConnectionOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        AddOptions(services, name).Configure(configure);
        services.TryAddKeyedSingleton(name, static (provider, key) => Create(provider, (string)key!));
        return services;
    }

    /// <summary>Adds one of several clients, whose <see cref="RaftDbConnectionOptions"/> are in the configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Its key, and the name of its options.</param>
    /// <param name="section">Has <c>Servers</c>, and under <c>Client</c> what differs from the defaults.</param>
    public static IServiceCollection AddKeyedRaftDb(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(section);
        AddOptions(services, name).Bind(section);
        services.TryAddKeyedSingleton(name, static (provider, key) => Create(provider, (string)key!));
        return services;
    }

    private static OptionsBuilder<RaftDbConnectionOptions> AddOptions(IServiceCollection services, string name)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RaftDbConnectionOptions>, ConnectionOptionsValidator>());
        return services.AddOptions<RaftDbConnectionOptions>(name).ValidateOnStart();
    }

    private static RaftDbClient Create(IServiceProvider provider, string name)
    {
        RaftDbConnectionOptions options = provider.GetRequiredService<IOptionsMonitor<RaftDbConnectionOptions>>().Get(name);
        RaftDbClientOptions client = options.Client;
        if (client.Diagnostics is null && provider.GetService<ILoggerFactory>() is { } loggers)
        {
            ILogger log = loggers.CreateLogger(typeof(RaftDbClient).FullName!);
            client = client with { Diagnostics = text => log.LogWarning("{Text}", text) };
        }

        return RaftDbClient.Create(options.Servers, client);
    }
}
