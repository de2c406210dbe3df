using Polly;
using Polly.CircuitBreaker;

namespace RaftDb.Client.Http;

/// <summary>One node's HTTP address and the circuit breaker in front of it.</summary>
internal sealed class NodeCircuit
{
    private readonly CircuitBreakerStateProvider _state = new();

    public NodeCircuit(Endpoint endpoint, TimeSpan breakDuration)
    {
        Endpoint = endpoint;
        Pipeline = new ResiliencePipelineBuilder<Attempt>()
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Attempt>
            {
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { NodeFailed: true }),
                FailureRatio = 0.5,
                MinimumThroughput = 2,
                SamplingDuration = TimeSpan.FromSeconds(1),
                BreakDuration = breakDuration,
                StateProvider = _state,
            })
            .Build();
    }

    public Endpoint Endpoint { get; }

    public ResiliencePipeline<Attempt> Pipeline { get; }

    /// <summary>Half-open lets one request through, so it counts as usable.</summary>
    public bool IsOpen => _state.CircuitState is CircuitState.Open or CircuitState.Isolated;
}
