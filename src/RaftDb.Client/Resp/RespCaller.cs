using System.Diagnostics;
using Polly;
using Polly.Retry;
using RaftDb.Client.Http;
using RaftDb.Client.Routing;
using RaftDb.Client.Sessions;
using RaftDb.Client.Telemetry;

namespace RaftDb.Client.Resp;

/// <summary>
/// Takes operations to the nodes: each to the leader of its range (or the replica that a read asks for), and after a failure that is safe to repeat to another one, until one
/// answers or the deadline passes. The first attempt goes straight; only what fails meets the Polly pipeline.
/// </summary>
internal sealed class RespCaller
{
    /// <summary>What a node gets less than there is, so that its own word on why it was not done comes in time.</summary>
    private const double Share = 0.9;

    /// <summary>After how long without an answer the other nodes are asked whether another one leads by now: many times what a write takes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private static readonly ResiliencePropertyKey<RespOperation> OperationKey = new("operation");

    private readonly RaftDbClientOptions _options;
    private readonly RouteCache _routes;
    private readonly TokenKeeper _tokens;
    private readonly SessionKeeper _sessions = new();
    private readonly ResiliencePipeline<RespAttempt> _retries;

    public RespCaller(RaftDbClientOptions options, RouteCache routes, TokenKeeper tokens)
    {
        _options = options;
        _routes = routes;
        _tokens = tokens;
        _retries = new ResiliencePipelineBuilder<RespAttempt>()
            .AddRetry(new RetryStrategyOptions<RespAttempt>
            {
                ShouldHandle = arguments => ValueTask.FromResult(
                    arguments.Outcome is { Exception: null, Result.Retry: not Retry.No } && Remaining(OperationOf(arguments.Context)) > TimeSpan.Zero),
                MaxRetryAttempts = options.MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.FirstRetryDelay,
                MaxDelay = options.LongestRetryDelay,
                DelayGenerator = arguments => ValueTask.FromResult(DelayAfter(arguments.Outcome.Result, OperationOf(arguments.Context))),
            })
            .Build();
    }

    /// <summary>Does it. Throws <see cref="RaftDbException"/>, or <see cref="OperationCanceledException"/> for what was certainly not done.</summary>
    public async ValueTask<RespValue> SendAsync(RespOperation operation, CancellationToken cancel)
    {
        operation.Deadline = Stopwatch.GetTimestamp() + (long)(_options.Timeout.TotalSeconds * Stopwatch.Frequency);
        try
        {
            RespAttempt attempt = await AttemptAsync(operation, cancel).ConfigureAwait(false);
            if (attempt.Retry != Retry.No)
            {
                attempt = await RetryAsync(operation, attempt, cancel).ConfigureAwait(false);
            }

            return attempt.Error is null ? attempt.Answer : throw Final(operation, attempt.Error);
        }
        catch (OperationCanceledException cancelled) when (operation.MayBeDone)
        {
            throw new RaftDbException(
                RaftDbErrorCodes.OutcomeUnknown, "The call was cancelled when the write had been sent: it may or may not have been done. Read the key to find out.", cancelled);
        }
        finally
        {
            // Answered or given up: it is not sent again, and what is kept for it may go.
            operation.Ticket?.Session.Answered(operation.Ticket.Sequence);
        }
    }

    private static RespOperation OperationOf(ResilienceContext context) => context.Properties.GetValue(OperationKey, null!);

    private static TimeSpan Remaining(RespOperation operation) => Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), operation.Deadline);

    /// <summary>The last error may say that nothing was done while an earlier attempt may have done it: the doubt wins.</summary>
    private static RaftDbException Final(RespOperation operation, RaftDbException last) =>
        operation.MayBeDone && last.Code is RaftDbErrorCodes.Unavailable or RaftDbErrorCodes.NotLeader or RaftDbErrorCodes.RangeChanged
            or RaftDbErrorCodes.Overloaded or RaftDbErrorCodes.NoSpace or RaftDbErrorCodes.SessionExpired or RaftDbErrorCodes.TooStale
            ? new(RaftDbErrorCodes.OutcomeUnknown, $"The write may or may not have been done: an attempt broke off, and then: {last.Message}", last)
            : last;

    private static TimeSpan? DelayAfter(in RespAttempt failed, RespOperation operation)
    {
        // Another node is asked at once; when all have failed it, after a pause as Polly counts it.
        if (failed.Retry == Retry.Elsewhere && operation.Failed is { Count: < 3 } && operation.Attempts <= 3)
        {
            return TimeSpan.Zero;
        }

        return failed.Error?.RetryAfter;
    }

    private async ValueTask<RespAttempt> RetryAsync(RespOperation operation, RespAttempt first, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        TimeSpan left = Remaining(operation);
        limit.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        ResilienceContext context = ResilienceContextPool.Shared.Get(limit.Token);
        context.Properties.Set(OperationKey, operation);
        RespAttempt last = first;
        bool isFirst = true;
        try
        {
            return await _retries.ExecuteAsync(
                async context =>
                {
                    if (isFirst)
                    {
                        isFirst = false;
                        return first;
                    }

                    ClientTelemetry.Retried(operation.Name);
                    last = await AttemptAsync(operation, cancel).ConfigureAwait(false);
                    return last;
                },
                context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Only a pause between two attempts can end here: an attempt turns its own deadline into an error.
            return last;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<RespAttempt> AttemptAsync(RespOperation operation, CancellationToken cancel)
    {
        operation.Attempts++;
        cancel.ThrowIfCancellationRequested();
        TimeSpan left = Remaining(operation);
        if (left <= TimeSpan.Zero)
        {
            return new(default, TimedOut(operation, null));
        }

        // 1. Where to.
        if (_routes.Known is not { } map)
        {
            return new(default, Unavailable("The nodes of the cluster are not known yet", null), Retry.Later);
        }

        RangeRoute range = operation.RangeIn(map);
        if (Node(operation, range, map) is not { } node)
        {
            _routes.Refresh();
            operation.Failed?.Clear();
            return new(default, Unavailable($"No node with a replica of range {range.Id} can be reached", null), Retry.Later);
        }

        // 2. Send it there.
        if (operation is { InSession: true, Ticket: null })
        {
            operation.Ticket = _sessions.Take(range, map);
        }

        bool isLast = operation is { Writes: true, InSession: false, MayRepeat: false };
        TimeSpan time = isLast || left < _options.RespAttemptTimeout ? left : _options.RespAttemptTimeout;
        RespCall? call = null;
        try
        {
            RespLink link = await node.LinkAsync(operation.Writes, time, cancel).ConfigureAwait(false);
            RespRequest request = operation.Encode(range, Math.Clamp((int)(time.TotalMilliseconds * Share), 1, 60_000));
            if (!await link.ReserveAsync(time, cancel).ConfigureAwait(false))
            {
                request.Dispose();
                return new(default, new(RaftDbErrorCodes.Overloaded, $"{node.Address} has {link.InFlight} commands of this client under way and answers none."), Retry.Later);
            }

            call = new(request, time, _options.ContinueInline);
            link.Send(call);
            RespValue answer = await AnswerAsync(operation, range, node, call, time, cancel).ConfigureAwait(false);
            return answer.Kind == RespKind.Error ? Refused(operation, range, answer.Error) : Answered(operation, node, range, answer);
        }
        catch (ConnectionLostException lost)
        {
            return Lost(operation, range, node, lost.Sent, lost);
        }
        catch (TimeoutException late)
        {
            return Lost(operation, range, node, !call!.GiveUp(), late);
        }
        catch (OperationCanceledException) when (call is not null)
        {
            operation.MayBeDone |= operation.Writes && !call.GiveUp();
            throw;
        }
    }

    /// <summary>Waits for the answer. Throws <see cref="TimeoutException"/> when it does not come in time, or when it is late and the other nodes know of a new leader by now: what is paused
    /// or cut off would not answer, and the new leader takes what is sent again.</summary>
    private async ValueTask<RespValue> AnswerAsync(RespOperation operation, RangeRoute range, NodeLinks node, RespCall call, TimeSpan time, CancellationToken cancel)
    {
        long until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            TimeSpan left = Left(until);
            bool looksAround = !operation.IsPinned && left > Patience;
            try
            {
                return await call.Task.WaitAsync(looksAround ? Patience : left, cancel).ConfigureAwait(false);
            }
            catch (TimeoutException) when (looksAround)
            {
                // The answer may still come while the others are asked, and the deadline holds for both.
                Task<RouteMap?> asking = _routes.AskOthersAsync(node.Node).AsTask();
                await Task.WhenAny(call.Task, asking).WaitAsync(Left(until), cancel).ConfigureAwait(false);
                if (!call.Task.IsCompleted && asking is { IsCompletedSuccessfully: true, Result: { } map }
                    && map.Find(range.Id) is { } now && now.Term > range.Term && now.Leader != 0 && now.Leader != node.Node)
                {
                    throw;
                }
            }
        }
    }

    private static TimeSpan Left(long until)
    {
        TimeSpan left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), until);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The node to ask: the preferred one, unless it has failed this operation or can't be reached; then another replica, which knows or finds out who leads.</summary>
    private NodeLinks? Node(RespOperation operation, RangeRoute range, RouteMap map)
    {
        ulong preferred = operation.Preferred(range);
        if (preferred != 0 && _routes.Links(preferred) is { } first && (operation.IsPinned || (first.IsUsable && operation.Failed?.Contains(preferred) != true)))
        {
            return first;
        }

        if (operation.IsPinned)
        {
            return null;
        }

        IReadOnlyList<ulong> replicas = range.Replicas.Count > 0 ? range.Replicas : [.. map.Nodes.Select(node => node.Id)];
        int turn = range.NextTurn();
        NodeLinks? last = null;
        for (int i = 0; i < replicas.Count; i++)
        {
            ulong node = replicas[(turn + i) % replicas.Count];
            if (_routes.Links(node) is { } links && operation.Failed?.Contains(node) != true)
            {
                if (links.IsUsable)
                {
                    return links;
                }

                last ??= links;
            }
        }

        return last;
    }

    private RespAttempt Answered(RespOperation operation, NodeLinks node, RangeRoute range, RespValue answer)
    {
        if (operation is IdsCall)
        {
            return new(answer, null);
        }

        (ulong by, ulong of, ulong index) = RespOperation.Head(answer);
        bool isCommitted = operation is not TransactionCall || answer[4].Integer >= 0;
        if (isCommitted)
        {
            _tokens.Saw(of, index);
        }

        if (operation.Writes && of == range.Id && by != range.Leader)
        {
            // It was sent on: from now on we go there ourselves.
            range.Leader = by;
            if (by != node.Node)
            {
                ClientTelemetry.Redirected(operation.Name);
            }
        }

        return new(answer, null);
    }

    private RespAttempt Refused(RespOperation operation, RangeRoute range, string text)
    {
        RaftDbException error = RespFailure.Read(text);
        switch (error.Code)
        {
            case RaftDbErrorCodes.NotLeader or RaftDbErrorCodes.RangeChanged:
                range.Leader = error.Leader ?? 0;
                _routes.Refresh();
                return new(default, error, Retry.Later);
            case RaftDbErrorCodes.Unavailable:
                _routes.Refresh();
                return new(default, error, Retry.Later);
            case RaftDbErrorCodes.Overloaded or RaftDbErrorCodes.TooStale:
                return new(default, error, Retry.Later);
            case RaftDbErrorCodes.CrossRange:
                _routes.Refresh();
                return new(default, error);
            case RaftDbErrorCodes.OutcomeUnknown:
                operation.MayBeDone = true;
                return new(default, error, operation.Ticket is not null || operation.MayRepeat ? Retry.Later : Retry.No);
            case RaftDbErrorCodes.SessionExpired when operation.Ticket is { } ticket:
                ticket.Session.End();
                if (operation.MayBeDone)
                {
                    return new(default, error);
                }

                // This was its first arrival, and it was refused: nothing was done, and a new session may.
                ticket.Session.Answered(ticket.Sequence);
                operation.Ticket = null;
                return new(default, error, Retry.Elsewhere);
            default:
                return new(default, error);
        }
    }

    private RespAttempt Lost(RespOperation operation, RangeRoute range, NodeLinks node, bool sent, Exception failure)
    {
        (operation.Failed ??= []).Add(node.Node);
        if (range.Leader == node.Node)
        {
            // Others should not run into the same; whoever is asked finds out who leads now.
            range.Leader = 0;
        }

        _routes.Refresh();
        if (!operation.Writes || !sent)
        {
            return new(
                default,
                Remaining(operation) <= TimeSpan.Zero ? TimedOut(operation, failure) : Unavailable(failure.Message, failure),
                operation.IsPinned ? Retry.Later : Retry.Elsewhere);
        }

        operation.MayBeDone = true;
        bool again = operation.Ticket is not null || operation.MayRepeat;
        RaftDbException doubt = failure is TimeoutException
            ? TimedOut(operation, failure)
            : new(RaftDbErrorCodes.OutcomeUnknown, $"{failure.Message}. The write may or may not have been done. Read the key to find out.", failure);
        return new(default, doubt, again ? Retry.Elsewhere : Retry.No);
    }

    private static RaftDbException Unavailable(string why, Exception? cause) =>
        new(RaftDbErrorCodes.Unavailable, $"{why.TrimEnd('.')}. Check that the nodes run: `raftdb status`.", cause);

    private static RaftDbException TimedOut(RespOperation operation, Exception? cause) => operation.Writes && operation.MayBeDone
        ? new(RaftDbErrorCodes.OutcomeUnknown, "The deadline passed before a node answered: the write may or may not have been done. Read the key to find out.", cause)
        : new(RaftDbErrorCodes.Unavailable, "No node answered in time. Look at `raftdb status`.", cause);
}
