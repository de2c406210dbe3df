using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Transport.Snapshots;

/// <summary>Sends snapshots, a few at a time, each on a connection of its own; a broken connection is made again and the transfer goes on where the receiver
/// has it.</summary>
internal sealed class SnapshotSender(PeerTransportOptions options, HelloFactory hellos, MembershipGate gate, ILogger log)
{
    private const int MaxFruitlessAttempts = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _slots = new(options.MaxSnapshotSends);
    private readonly RateLimit _rate = new(options.SnapshotBytesPerSecond);

    /// <summary>Returns when the receiver has installed it; otherwise throws <see cref="PeerUnreachableException"/>.</summary>
    public async Task SendAsync(
        NodeId to, string address, SnapshotAnnouncement announcement, ISnapshotSource source, CancellationToken cancel, CancellationToken stopping)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, stopping);
        await _slots.WaitAsync(both.Token);
        try
        {
            await SendWithRetriesAsync(to, address, announcement, source, both.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new PeerUnreachableException("This node is stopping.", notSent: false);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task SendWithRetriesAsync(
        NodeId to, string address, SnapshotAnnouncement announcement, ISnapshotSource source, CancellationToken cancel)
    {
        long reached = 0;
        for (var fruitless = 0; ;)
        {
            SnapshotUpload upload = new(announcement, source, _rate, options);
            try
            {
                using var connection = await PeerDialer.DialAsync(
                    address, hellos.For(to, ConnectionPurpose.Snapshot), hello => gate.JudgeDialled(hello, to, address), options, cancel);
                await upload.RunAsync(connection, cancel);
                log.LogInformation(
                    "Sent the snapshot of range {Range} at index {Index} to node {Node} ({Bytes} bytes).",
                    announcement.Range.Value, announcement.Header.Metadata.Position.Index.Value, to.Value, announcement.Header.Length);
                return;
            }
            catch (SnapshotRejectedException rejected)
            {
                throw new PeerUnreachableException($"Node {to} did not take the snapshot of range {announcement.Range}: {rejected.Message}", rejected.BeforeData, rejected);
            }
            catch (HandshakeRefusedException refused) when (refused.Refusal.Kind != RefusalKind.NotReady)
            {
                throw new PeerUnreachableException($"The snapshot of range {announcement.Range} can't be sent to node {to}: {refused.Message}", notSent: true, refused);
            }
            catch (Exception fault) when (fault is IOException or SocketException or TimeoutException or ObjectDisposedException)
            {
                fruitless = upload.Reached > reached ? 1 : fruitless + 1;
                reached = Math.Max(reached, upload.Reached);
                if (fruitless >= MaxFruitlessAttempts)
                {
                    throw new PeerUnreachableException(
                        $"Sending the snapshot of range {announcement.Range} to node {to} was given up at byte {reached} of {announcement.Header.Length}: {fault.Message}",
                        notSent: false, fault);
                }

                log.LogInformation(
                    "Sending the snapshot of range {Range} to node {Node} was interrupted at byte {Bytes}: {Reason}",
                    announcement.Range.Value, to.Value, reached, fault.Message);
            }

            await Task.Delay(FirstPause * (1 << fruitless), cancel);
        }
    }
}
