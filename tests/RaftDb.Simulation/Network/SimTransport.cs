using RaftDb.Server.Transport;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Simulation.Network;

/// <summary>One process's door to the simulated network.</summary>
internal sealed class SimTransport(SimProcess process, SimNetwork network, int nodes) : ITransport
{
    private const int ChunkBytes = 16 << 10;

    private static readonly TimeSpan SnapshotStep = TimeSpan.FromSeconds(30);

    public IReadOnlyList<PeerState> Peers
    {
        get
        {
            List<PeerState> peers = new(nodes);
            for (int other = 0; other < nodes; other++)
            {
                if (other != process.Machine.Index)
                {
                    // A machine that was wiped has a store that nobody knows: nodes don't talk to it. It still asks them, for whoever asks it.
                    bool open = network.Connections.IsOpen(process.Machine.Index, other) && !process.World.Machines[other].IsWiped;
                    peers.Add(new(new NodeId((ulong)other + 1), "", open, null, null, null, null, null, null));
                }
            }

            return peers;
        }
    }

    public void Send(NodeId to, IReadOnlyList<RangeMessage> messages) => network.Send(process, to, messages);

    public ValueTask<ReadOnlyMemory<byte>> RequestAsync(
        NodeId to, PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancel)
    {
        HybridTimestamp sent = process.LogClock.Last;
        return new(network.CallAsync(
            process,
            to,
            receiver =>
            {
                receiver.LogClock.Merge(sent);
                return receiver.Handler.OnRequestAsync(process.Node, kind, payload, timeout, CancellationToken.None);
            },
            timeout,
            cancel));
    }

    public async Task SendSnapshotAsync(NodeId to, SnapshotAnnouncement announcement, ISnapshotSource source, CancellationToken cancel)
    {
        // 1. Announce it; 2. send it piece by piece; 3. wait until it is installed.
        SimProcess? first = null;
        ISnapshotSink? sink = await CallAsync(to, receiver =>
        {
            first = receiver;
            if (receiver.Replicas.Find(announcement.Range) is { } replica && announcement.Header.Metadata.Position.Index <= replica.Consensus.Applied)
            {
                receiver.World.Marks.Hit("F1 snapshot not beyond what is applied");
            }

            return ValueTask.FromResult(receiver.Handler.OnSnapshotAnnounced(process.Node, announcement));
        });
        if (sink is null)
        {
            throw new PeerUnreachableException($"node {to} does not want the snapshot", notSent: false);
        }

        first!.SnapshotsUnderWay++;
        process.World.SnapshotBegins?.Invoke(first);
        try
        {
            byte[] buffer = new byte[ChunkBytes];
            long offset = 0;
            int read;
            while ((read = source.Read(buffer, offset)) > 0)
            {
                byte[] chunk = buffer.AsSpan(0, read).ToArray();
                await CallAsync(to, receiver =>
                {
                    RequireSame(first, receiver);
                    sink.Write(chunk);
                    return ValueTask.FromResult(true);
                });
                offset += read;
            }

            if (!await CallAsync(to, async receiver =>
                {
                    RequireSame(first, receiver);
                    using ISnapshotSink received = sink;
                    return await receiver.Handler.OnSnapshotReceivedAsync(process.Node, announcement, sink, cancel);
                }))
            {
                throw new PeerUnreachableException($"node {to} did not install the snapshot", notSent: false);
            }
        }
        catch (PeerUnreachableException)
        {
            process.World.Marks.Hit("F5 snapshot broke off or was not wanted");
            throw;
        }
        finally
        {
            first.SnapshotsUnderWay--;
        }
    }

    /// <summary>The rest of a transfer is for the process that took its beginning.</summary>
    private static void RequireSame(SimProcess? first, SimProcess receiver)
    {
        if (!ReferenceEquals(first, receiver))
        {
            throw new IOException("another process answers now");
        }
    }

    private Task<T> CallAsync<T>(NodeId to, Func<SimProcess, ValueTask<T>> work) => network.CallAsync(process, to, work, SnapshotStep, CancellationToken.None);
}
