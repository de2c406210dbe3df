using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Server.Transport.Snapshots;

/// <summary>Names a snapshot's data: the same again is the same transfer.</summary>
internal readonly record struct SnapshotKey(NodeId From, RangeId Range, long Length, string Sha256);

/// <summary>A snapshot of which some bytes are here. It outlives its connection; one connection at a time works on it.</summary>
internal sealed class PartialSnapshot(SnapshotKey key, ISnapshotSink sink)
{
    private readonly SemaphoreSlim _turn = new(1);
    private CancellationTokenSource? _owner;

    public SnapshotKey Key { get; } = key;

    public ISnapshotSink Sink { get; } = sink;

    /// <summary>The installation, once all bytes are here. Goes on without a connection.</summary>
    public Task<(bool Installed, string Reason)>? Installing { get; set; }

    /// <summary>Whether it is over: the sink is closed.</summary>
    public bool IsOver { get; set; }

    /// <summary>Counts the connections that worked on it, so that an expiry knows whether another came.</summary>
    public int Visits { get; private set; }

    /// <summary>Takes it over from a connection that still holds it (which is dead, or its sender would not have come again). The token is cancelled when another
    /// connection wants it.</summary>
    public async Task<CancellationTokenSource> EnterAsync(CancellationToken cancel)
    {
        if (Volatile.Read(ref _owner) is { } before)
        {
            await before.CancelAsync();
        }

        await _turn.WaitAsync(cancel);
        CancellationTokenSource mine = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Volatile.Write(ref _owner, mine);
        Visits++;
        return mine;
    }

    public void Leave()
    {
        Volatile.Write(ref _owner, null);
        _turn.Release();
    }
}
