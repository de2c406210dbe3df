using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RaftDb.Client.Health;

/// <summary>Whether the cluster can serve: healthy when it knows of no problem, degraded when it knows of some, and as registered (unhealthy by default) when
/// no node answers or a range has no leader.</summary>
internal sealed class RaftDbHealthCheck(RaftDbClient client) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ClusterStatusFacts facts;
        try
        {
            facts = ClusterStatusFacts.Of(await client.StatusAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (RaftDbException failure)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"No node of the cluster answers: {failure.Message}", failure);
        }

        return facts switch
        {
            { Leaderless.Length: > 0 } => new(context.Registration.FailureStatus, $"Without a leader: range {facts.Leaderless}.", data: facts.Data),
            { Problems.Length: > 0 } => HealthCheckResult.Degraded(facts.Problems, data: facts.Data),
            _ => HealthCheckResult.Healthy($"{facts.Data["nodes"]} nodes, {facts.Data["ranges"]} ranges.", facts.Data),
        };
    }
}
