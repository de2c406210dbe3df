using System.Diagnostics;
using System.Net;
using Polly;
using Polly.Retry;

namespace RaftDb.Client.Http;

/// <summary>
/// Sends requests: to the node that answered last, else to the next, until one answers or the deadline passes. What is not safe to
/// send again is not sent again.
/// </summary>
internal sealed class HttpCaller : IDisposable
{
    private static readonly ResiliencePropertyKey<Call> CallKey = new("call");

    private readonly RaftDbClientOptions _options;
    private readonly TokenKeeper _token;
    private readonly SocketsHttpHandler _handler;
    private readonly HttpMessageInvoker _invoker;
    private readonly NodeCircuit[] _nodes;
    private readonly ResiliencePipeline<Attempt> _retries;
    private int _preferred;

    public HttpCaller(IReadOnlyList<Endpoint> endpoints, RaftDbClientOptions options, TokenKeeper token)
    {
        options.Validate();
        _options = options;
        _token = token;
        _nodes = [.. endpoints.Select(endpoint => new NodeCircuit(endpoint, options.CircuitBreak))];
        _handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            MaxConnectionsPerServer = options.ConnectionsPerNode,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        };
        _invoker = new HttpMessageInvoker(_handler);
        _retries = new ResiliencePipelineBuilder<Attempt>()
            .AddRetry(new RetryStrategyOptions<Attempt>
            {
                ShouldHandle = arguments => ValueTask.FromResult(
                    arguments.Outcome.Result is { Retry: not Retry.No } && CallOf(arguments.Context).Remaining > TimeSpan.Zero),
                MaxRetryAttempts = int.MaxValue,
                DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(
                    CallOf(arguments.Context).NextDelay(arguments.Outcome.Result!, _options)),
            })
            .Build();
    }

    /// <summary>The first of the addresses that were given.</summary>
    public Endpoint First => _nodes[0].Endpoint;

    public async Task<Answer> SendAsync(RequestSpec request, CancellationToken cancel)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(_options.Timeout);
        ResilienceContext context = ResilienceContextPool.Shared.Get(deadline.Token);
        Call call = new(request, _nodes, Volatile.Read(ref _preferred), Stopwatch.GetTimestamp() + ToTicks(_options.Timeout), cancel);
        context.Properties.Set(CallKey, call);
        try
        {
            Attempt last = await _retries.ExecuteAsync(static (context, self) => self.AttemptAsync(context), context, this).ConfigureAwait(false);
            return last.Answer ?? throw Final(call, last.Error!);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Only a pause between two attempts can end here: an attempt turns its own deadline into an error.
            throw Final(call, call.LastError ?? TimedOut(request, null));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    public void Dispose()
    {
        _invoker.Dispose();
        _handler.Dispose();
    }

    /// <summary>The last error may say that nothing was done while an earlier attempt may have done it: the doubt wins.</summary>
    private static RaftDbException Final(Call call, RaftDbException last) =>
        call.MayBeDone && last.Code != RaftDbErrorCodes.OutcomeUnknown
            ? new(RaftDbErrorCodes.OutcomeUnknown, $"The write may or may not have been done: an attempt broke off, and then {last.Message}", last)
            : last;

    private static Call CallOf(ResilienceContext context) => context.Properties.GetValue(CallKey, null!);

    private static long ToTicks(TimeSpan span) => (long)(span.TotalSeconds * Stopwatch.Frequency);

    private async ValueTask<Attempt> AttemptAsync(ResilienceContext context)
    {
        Call call = CallOf(context);
        if (call.Request.Only is { } only)
        {
            return call.Remember(await TrySendAsync(call, only, context.CancellationToken).ConfigureAwait(false));
        }

        (int index, bool allOpen) = call.NextNode();
        NodeCircuit node = _nodes[index];

        // With every circuit open there is nothing to save by not trying, so the breaker is passed by.
        Attempt attempt;
        if (allOpen)
        {
            attempt = await TrySendAsync(call, node.Endpoint, context.CancellationToken).ConfigureAwait(false);
        }
        else
        {
            Outcome<Attempt> outcome = await node.Pipeline.ExecuteOutcomeAsync(
                static async (context, state) => Outcome.FromResult(
                    await state.Self.TrySendAsync(state.Call, state.Endpoint, context.CancellationToken).ConfigureAwait(false)),
                context,
                (Self: this, Call: call, node.Endpoint)).ConfigureAwait(false);
            attempt = outcome.Exception switch
            {
                null => outcome.Result!,
                Polly.CircuitBreaker.BrokenCircuitException broken => new Attempt(
                    null, new RaftDbException(RaftDbErrorCodes.Unavailable, $"{node.Endpoint} keeps failing.", broken), Retry.Elsewhere),
                Exception other => throw other,
            };
        }

        // Calls begin where the last one succeeded, and not where one failed.
        if (attempt.Answer is not null)
        {
            Volatile.Write(ref _preferred, index);
        }
        else if (attempt.NodeFailed)
        {
            Interlocked.CompareExchange(ref _preferred, (index + 1) % _nodes.Length, index);
        }

        return call.Remember(attempt);
    }

    private async Task<Attempt> TrySendAsync(Call call, Endpoint endpoint, CancellationToken cancel)
    {
        RequestSpec request = call.Request;
        if (call.Remaining <= TimeSpan.Zero)
        {
            // The deadline has passed since somebody looked at it. What an earlier attempt met says more than that.
            return new Attempt(null, call.LastError ?? TimedOut(request, null));
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        TimeSpan time = _options.AttemptTimeout is { } most && most < call.Remaining ? most : call.Remaining;
        if (_options.AttemptTimeout is not null)
        {
            limit.CancelAfter(time > TimeSpan.Zero ? time : TimeSpan.Zero);
        }

        try
        {
            using HttpRequestMessage message = request.ToMessage(endpoint, time);
            using HttpResponseMessage response = await _invoker.SendAsync(message, limit.Token).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            _token.Take(response);
            return response.IsSuccessStatusCode
                ? new Attempt(new Answer(response, body), null)
                : Classify(request, response.StatusCode, ProblemReader.Read(response, body, endpoint));
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            // No connection, so nothing was sent.
            return new Attempt(null, Unreachable(endpoint, failure), Retry.Elsewhere, NodeFailed: true);
        }
        catch (OperationCanceledException failure) when (!limit.IsCancellationRequested)
        {
            // The connect timeout, the only one that is not ours: nothing was sent either.
            return new Attempt(null, Unreachable(endpoint, failure), Retry.Elsewhere, NodeFailed: true);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return Broken(request, endpoint, failure);
        }
        catch (OperationCanceledException failure) when (!call.Caller.IsCancellationRequested)
        {
            // The node is silent: whoever comes next starts with another one. Of a read, what an earlier attempt met says more.
            return new Attempt(
                null,
                request.Safety == Safety.Read && call.LastError is { } earlier ? earlier : TimedOut(request, failure),
                request.Safety == Safety.Once || cancel.IsCancellationRequested ? Retry.No : Retry.Elsewhere,
                NodeFailed: true,
                OutcomeUnknown: request.Safety != Safety.Read);
        }
    }

    private static Attempt Classify(RequestSpec request, HttpStatusCode status, RaftDbException error) => (int)status switch
    {
        // The cluster says that nothing was done.
        503 => new(null, error, error.Code == RaftDbErrorCodes.NotLeader ? Retry.Elsewhere : Retry.Later),
        429 => new(null, error, Retry.Later),
        504 when request.Safety != Safety.Once => new(null, error, Retry.Later, OutcomeUnknown: request.Safety != Safety.Read),
        _ => new(null, error),
    };

    private static Attempt Broken(RequestSpec request, Endpoint endpoint, Exception failure) => request.Safety == Safety.Once
        ? new(null, new RaftDbException(
            RaftDbErrorCodes.OutcomeUnknown,
            $"The connection to {endpoint} broke before it answered: the write may or may not have been done. Read the key to find out.",
            failure), NodeFailed: true)
        : new(null, Unreachable(endpoint, failure), Retry.Elsewhere, NodeFailed: true, OutcomeUnknown: request.Safety != Safety.Read);

    private static RaftDbException Unreachable(Endpoint endpoint, Exception failure) => new(
        RaftDbErrorCodes.Unavailable,
        $"{endpoint} can't be reached ({Reason(failure)}). Check that the node runs and that the address is its HTTP address.",
        failure);

    private static string Reason(Exception failure) => failure switch
    {
        OperationCanceledException => "connecting took too long",
        _ => (failure.InnerException ?? failure).Message.TrimEnd('.'),
    };

    private static RaftDbException TimedOut(RequestSpec request, Exception? failure) => request.Safety == Safety.Read
        ? new(RaftDbErrorCodes.Unavailable, "No node answered in time. Look at `raftdb status`.", failure)
        : new(
            RaftDbErrorCodes.OutcomeUnknown,
            "The deadline passed before a node answered: the write may or may not have been done. Read the key to find out.",
            failure);
}
