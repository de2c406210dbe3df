using Microsoft.Extensions.Diagnostics.HealthChecks;
using RaftDb.Client;
using RaftDb.Client.Health;

// The namespace of IHealthChecksBuilder, where programs look for what extends it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The health of RaftDb clusters.</summary>
public static class RaftDbHealthChecksBuilderExtensions
{
    /// <summary>Adds a check of the cluster that the injected <see cref="RaftDbClient"/> talks to.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="clientName">The client's name, where it was added with <c>AddKeyedRaftDb</c>.</param>
    /// <param name="failureStatus">What it is when no node answers or a range has no leader; unhealthy when null.</param>
    /// <param name="tags">The check's tags.</param>
    /// <param name="timeout">How long it may take; null = as long as the client's calls may.</param>
    public static IHealthChecksBuilder AddRaftDb(
        this IHealthChecksBuilder builder,
        string name = "raftdb",
        string? clientName = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name,
            provider => new RaftDbHealthCheck(
                clientName is null ? provider.GetRequiredService<RaftDbClient>() : provider.GetRequiredKeyedService<RaftDbClient>(clientName)),
            failureStatus,
            tags,
            timeout));
    }
}
