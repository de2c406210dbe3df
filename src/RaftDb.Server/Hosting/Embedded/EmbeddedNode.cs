using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RaftDb.Server.Hosting.Embedded;

/// <summary>The node inside this application. It starts and stops with the host; when it can't go on, it stops the host.</summary>
public sealed class EmbeddedNode : IHostedService, IAsyncDisposable
{
    private readonly IOptions<RaftDbNodeOptions> _options;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly HostLoggers _loggers;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<RaftDbNode> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _starting = Task.CompletedTask;
    private Exception? _failure;
    private bool _stopped;
    private bool _disposed;

    internal EmbeddedNode(IOptions<RaftDbNodeOptions> options, IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    {
        _options = options;
        _lifetime = lifetime;
        _loggers = new HostLoggers(loggers);
        _log = loggers.CreateLogger("RaftDb.Server.EmbeddedNode");
    }

    /// <summary>The node's id.</summary>
    public ulong Id => _options.Value.Id;

    /// <summary>Where it serves HTTP.</summary>
    public string Http => _options.Value.Http;

    /// <summary>Where it speaks the Redis protocol; null = nowhere.</summary>
    public string? Resp => _options.Value.Resp;

    /// <summary>Null when the node can serve; else why not.</summary>
    public string? WhyNotReady
    {
        get
        {
            if (Volatile.Read(ref _failure) is { } failure)
            {
                return $"The node has failed: {failure.Message}";
            }

            return Node is { } node ? node.WhyNotReady : "The node is starting.";
        }
    }

    private RaftDbNode? Node => _started.Task.IsCompletedSuccessfully ? _started.Task.Result : null;

    /// <summary>Completes when the node runs and its replicas have caught up with their ranges. Throws when it failed to start.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancel = default)
    {
        RaftDbNode node = await _started.Task.WaitAsync(cancel);
        await node.CaughtUp.WaitAsync(cancel);
    }

    /// <inheritdoc/>
    async Task IHostedService.StartAsync(CancellationToken cancellationToken)
    {
        _starting = Task.Run(() => RunAsync(cancellationToken), CancellationToken.None);
        if (!_options.Value.StartInBackground)
        {
            await _started.Task;
        }
    }

    /// <inheritdoc/>
    async Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _starting;
        if (Node is { } node && !_stopped)
        {
            // Within its own limit, StopTimeout: to cut it short would only make clients notice.
            _stopped = true;
            await node.StopAsync();
        }

        if (_failure is { } failure)
        {
            // The host tells it to who runs it, so that the process does not end as if nothing had been.
            throw new InvalidOperationException($"The RaftDb node could not go on: {failure.Message}", failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stopping.CancelAsync();
        await _starting;
        if (Node is { } node && !_stopped)
        {
            // The host failed to start, and so was never stopped.
            await node.DisposeAsync();
        }

        _stopping.Dispose();
    }

    /// <summary>Starts the node, and sees when it fails.</summary>
    private async Task RunAsync(CancellationToken starting)
    {
        bool background = _options.Value.StartInBackground;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(background ? CancellationToken.None : starting, _stopping.Token);
        try
        {
            RaftDbNode node = await RaftDbNode.StartAsync(_options.Value.ToNodeOptions(), _loggers, stop.Token);
            _ = node.Failed.ContinueWith(failed => Fail(failed.Result), TaskScheduler.Default);
            _started.SetResult(node);
        }
        catch (OperationCanceledException cancelled) when (stop.IsCancellationRequested)
        {
            _started.SetCanceled(cancelled.CancellationToken);
        }
        catch (Exception failure)
        {
            // In the foreground the host gets it from StartAsync, and in the background as it gets a failure later on.
            if (background)
            {
                _log.LogCritical(failure, "The node can't start, and the application stops: {Message}", failure.Message);
                Fail(failure);
            }

            _started.SetException(failure);
        }
    }

    private void Fail(Exception cause)
    {
        Volatile.Write(ref _failure, cause);
        _lifetime.StopApplication();
    }
}
