using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Server.Transport.Handshakes;

namespace RaftDb.Server.Transport.Snapshots;

/// <summary>Receives snapshots. One that was interrupted is kept for a while, for its sender to go on.</summary>
internal sealed class SnapshotReceiver(PeerTransportOptions options, ITransportHandler handler, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _admission = new(1);
    private readonly Dictionary<SnapshotKey, PartialSnapshot> _partial = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>Serves one connection to its end.</summary>
    public async Task ReceiveAsync(IncomingConnection connection)
    {
        var running = ServeAsync(connection);
        lock (_gate)
        {
            _running.Add(running);
        }

        try
        {
            await running;
        }
        finally
        {
            lock (_gate)
            {
                _running.Remove(running);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        Task[] running;
        lock (_gate)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running.Select(task => task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default)));
        PartialSnapshot[] left;
        lock (_gate)
        {
            left = [.. _partial.Values];
        }

        foreach (var partial in left)
        {
            if (partial.Installing is { } installing)
            {
                // Whoever installs may have stopped before us, and then never ends.
                await Task.WhenAny(installing, Task.Delay(StopTimeout));
            }

            End(partial);
        }
    }

    private async Task ServeAsync(IncomingConnection connection)
    {
        var from = connection.Hello.Node;
        try
        {
            using SnapshotDownload download = new(connection, options);
            var announcement = await download.ReadOfferAsync(_stopping.Token);
            await Task.Yield();
            SnapshotKey key = new(from, announcement.Range, announcement.Header.Length, announcement.Header.Sha256);
            while (true)
            {
                if (await AdmitAsync(key, announcement) is not { } partial)
                {
                    await download.DeclineAsync("it is not wanted there (stale, or the range is unknown)", _stopping.Token);
                    return;
                }

                using var mine = await partial.EnterAsync(_stopping.Token);
                try
                {
                    if (!partial.IsOver)
                    {
                        await DownloadAsync(download, partial, announcement, mine.Token);
                        return;
                    }
                }
                finally
                {
                    partial.Leave();
                    ExpireLater(partial);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException or ObjectDisposedException or TimeoutException)
        {
            log.LogInformation("Receiving a snapshot from node {Node} was interrupted: {Reason}", from.Value, fault.Message);
        }
    }

    private async Task<PartialSnapshot?> AdmitAsync(SnapshotKey key, SnapshotAnnouncement announcement)
    {
        await _admission.WaitAsync(_stopping.Token);
        try
        {
            lock (_gate)
            {
                if (_partial.TryGetValue(key, out var known))
                {
                    return known;
                }
            }

            if (handler.OnSnapshotAnnounced(key.From, announcement) is not { } sink)
            {
                return null;
            }

            PartialSnapshot partial = new(key, sink);
            lock (_gate)
            {
                _partial.Add(key, partial);
            }

            return partial;
        }
        finally
        {
            _admission.Release();
        }
    }

    private async Task DownloadAsync(
        SnapshotDownload download, PartialSnapshot partial, SnapshotAnnouncement announcement, CancellationToken cancel)
    {
        await download.ResumeAsync(partial.Sink.Received, cancel);
        (bool Installed, string Reason) verdict;
        try
        {
            if (partial.Installing is null)
            {
                await download.ReadChunksAsync(partial.Sink, announcement.Header.Length, cancel);
                partial.Installing = InstallAsync(partial, announcement);
            }

            verdict = await partial.Installing.WaitAsync(cancel);
        }
        catch (SnapshotSinkFailedException fault)
        {
            log.LogError(fault.InnerException, "Writing the snapshot of range {Range} from node {Node} failed.", announcement.Range.Value, partial.Key.From.Value);
            End(partial);
            verdict = (false, fault.Message);
        }

        await download.EndAsync(verdict.Installed, verdict.Reason, cancel);
    }

    private async Task<(bool Installed, string Reason)> InstallAsync(PartialSnapshot partial, SnapshotAnnouncement announcement)
    {
        // Away from the connection's task: the installation must not depend on it.
        await Task.Yield();
        try
        {
            var installed = await handler.OnSnapshotReceivedAsync(partial.Key.From, announcement, partial.Sink, _stopping.Token);
            return (installed, installed ? "" : "the receiver refused to install it");
        }
        catch (Exception fault) when (fault is not InvariantBrokenException)
        {
            log.LogError(fault, "Installing the snapshot of range {Range} from node {Node} failed.", announcement.Range.Value, partial.Key.From.Value);
            return (false, $"installing it failed: {fault.Message}");
        }
        finally
        {
            End(partial);
        }
    }

    /// <summary>Drops what is here of a snapshot when its sender does not come back.</summary>
    private void ExpireLater(PartialSnapshot partial)
    {
        if (!partial.IsOver && partial.Installing is null)
        {
            _ = ExpireAsync(partial, partial.Visits);
        }
    }

    private async Task ExpireAsync(PartialSnapshot partial, int visits)
    {
        try
        {
            await Task.Delay(options.SnapshotResumeWindow, _stopping.Token);
            await _admission.WaitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Disposal ends all that is left.
            return;
        }

        try
        {
            if (partial.Visits == visits)
            {
                End(partial);
            }
        }
        finally
        {
            _admission.Release();
        }
    }

    private void End(PartialSnapshot partial)
    {
        lock (_gate)
        {
            if (partial.IsOver)
            {
                return;
            }

            partial.IsOver = true;
            _partial.Remove(partial.Key);
        }

        partial.Sink.Dispose();
    }
}
