using System.Net.Sockets;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Connections;

/// <summary>Dials a peer whenever there is no link to it: at once when one was lost (the outcome tells whether the process is gone), then with growing,
/// jittered pauses; slowly when one of the two refused the other.</summary>
internal sealed class RedialLoop(Peer peer, HelloFactory hellos, MembershipGate gate, PeerTransportOptions options)
{
    private static readonly TimeSpan FirstVerdictDelay = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestVerdictDelay = TimeSpan.FromMilliseconds(16);

    private enum Outcome
    {
        Connected,
        Failed,
        NotReady,
        Refused,
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var failures = 0;
        var refusals = 0;
        while (!stop.IsCancellationRequested)
        {
            if (peer.IsConnected)
            {
                (failures, refusals) = (0, 0);
                await peer.WaitForChangeAsync(Timeout.InfiniteTimeSpan, stop);
                continue;
            }

            var wasUndetermined = peer.IsLossUndetermined;
            var outcome = await DialAsync(stop);
            refusals = outcome == Outcome.Refused ? refusals + 1 : 0;
            failures = outcome == Outcome.Connected || (wasUndetermined && !peer.IsLossUndetermined) ? 0 : failures + 1;
            if (outcome != Outcome.Connected)
            {
                var delay =
                    outcome == Outcome.Refused ? Grown(options.MinRefusedDelay, options.MaxRefusedDelay, refusals - 1)
                    : peer.IsLossUndetermined ? Grown(FirstVerdictDelay, LongestVerdictDelay, failures - 1)
                    : Grown(options.MinRedialDelay, options.MaxRedialDelay, failures);
                await peer.WaitForChangeAsync(Jittered(delay), stop);
            }
        }
    }

    private async Task<Outcome> DialAsync(CancellationToken stop)
    {
        try
        {
            var connection = await PeerDialer.DialAsync(peer.Address, hellos.For(peer.Node, ConnectionPurpose.Peer), Judge, options, stop);
            if (!peer.Adopt(new(connection.Stream, connection.Reader, connection.Remote, dialledByUs: true)))
            {
                using (connection)
                {
                    await Handshake.SendAsync(connection.Stream, FrameKind.Superseded, stop);
                }
            }

            return Outcome.Connected;
        }
        catch (HandshakeRefusedException refused) when (refused.Refusal.Kind == RefusalKind.NotReady)
        {
            peer.OnProcessGone(refused.Message);
            peer.OnProblem(refused.Message, refused: false);
            return Outcome.NotReady;
        }
        catch (HandshakeRefusedException refused)
        {
            peer.OnProblem(refused.Message, refused: true);
            return Outcome.Refused;
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // The machine answers and nobody listens: whatever process was there is gone.
            peer.OnProcessGone($"nothing listens at {peer.Address}");
            return Outcome.Failed;
        }
        catch (Exception fault) when (fault is IOException or SocketException or TimeoutException or ObjectDisposedException)
        {
            peer.OnProblem(fault.Message, refused: false);
            return Outcome.Failed;
        }
    }

    private Refusal? Judge(Hello remote)
    {
        if (remote.Node == peer.Node)
        {
            peer.OnSeen(remote.Incarnation);
        }

        return gate.JudgeDialled(remote, peer.Node, peer.Address);
    }

    private static TimeSpan Grown(TimeSpan min, TimeSpan max, int times) => TimeSpan.FromTicks(
        (long)Math.Min(max.Ticks, min.Ticks * Math.Pow(2, Math.Clamp(times, 0, 20))));

    private static TimeSpan Jittered(TimeSpan delay) => delay * (0.75 + (Random.Shared.NextDouble() / 2));
}
