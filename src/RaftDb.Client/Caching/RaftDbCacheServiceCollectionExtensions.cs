using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RaftDb.Client;
using RaftDb.Client.Caching;

// The namespace of IServiceCollection, where programs look for what extends it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>RaftDb as a distributed cache.</summary>
public static class RaftDbCacheServiceCollectionExtensions
{
    /// <summary>Adds an <see cref="IDistributedCache"/> (and so what <c>HybridCache</c> keeps its entries in) that keeps entries in the cluster of a client
    /// added with <c>AddRaftDb</c>. Entries go when their absolute expiry is over, or when they were not used for their sliding expiry (and up to an eighth of it longer).</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Says where and how.</param>
    public static IServiceCollection AddRaftDbDistributedCache(this IServiceCollection services, Action<RaftDbCacheOptions>? configure = null)
    {
        OptionsBuilder<RaftDbCacheOptions> options = services.AddOptions<RaftDbCacheOptions>();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        options.Validate(o => !string.IsNullOrEmpty(o.KeyPrefix), "RaftDb cache: option KeyPrefix must not be empty: the cache needs keys of its own.").ValidateOnStart();
        // Added, not tried: the last distributed cache that a program adds is the one it gets.
        services.AddSingleton<IDistributedCache>(static provider =>
        {
            RaftDbCacheOptions options = provider.GetRequiredService<IOptions<RaftDbCacheOptions>>().Value;
            return new RaftDbDistributedCache(
                options.ClientName is { } name ? provider.GetRequiredKeyedService<RaftDbClient>(name) : provider.GetRequiredService<RaftDbClient>(),
                options,
                provider.GetService<TimeProvider>() ?? TimeProvider.System,
                provider.GetService<ILogger<RaftDbDistributedCache>>() ?? (ILogger)NullLogger.Instance);
        });
        return services;
    }
}
