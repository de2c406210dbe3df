namespace RaftDb.Server.Transport.Connections;

/// <summary>Looks after the silence of all peers, on one timer.</summary>
internal sealed class PeerPulse(IReadOnlyCollection<Peer> peers, PeerTransportOptions options)
{
    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var interval = options.PingInterval / 2;
        using PeriodicTimer timer = new(interval);
        var last = Environment.TickCount64;
        while (await timer.WaitForNextTickAsync(stop))
        {
            // When this process itself was stopped for a while, what the peers sent waits in our sockets: give the reading tasks a moment.
            var now = Environment.TickCount64;
            var paused = now - last > options.SuspectAfter.TotalMilliseconds / 2;
            last = now;
            foreach (var peer in peers)
            {
                peer.Pulse(now, paused);
            }
        }
    }
}
