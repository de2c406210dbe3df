using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RaftDb.Server.Hosting.Embedded;

/// <summary>Whether the node inside this application can serve, as its /readyz says.</summary>
internal sealed class EmbeddedNodeHealthCheck(EmbeddedNode node) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(node.WhyNotReady is { } reason
            ? new HealthCheckResult(context.Registration.FailureStatus, reason)
            : HealthCheckResult.Healthy($"Node {node.Id} serves."));
}
