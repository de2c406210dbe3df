using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Digests;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Replicas;

/// <summary>A state machine and the count of those who use it, so that it is closed (and, when a snapshot took its place, deleted) only after the
/// last reader is done. Thread-safe.</summary>
internal sealed class StateHandle(IStateMachine machine)
{
    private readonly Lock _gate = new();
    private int _users = 1;
    private Action? _afterwards;

    public IStateMachine Machine { get; } = machine;

    /// <summary>Takes part in its use; false when it is on its way out.</summary>
    public bool TryUse()
    {
        lock (_gate)
        {
            if (_users == 0 || _afterwards is not null)
            {
                return false;
            }

            _users++;
            return true;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_users > 0)
            {
                return;
            }
        }

        Machine.Dispose();
        _afterwards?.Invoke();
    }

    /// <summary>Ends the owner's part; no new users come.</summary>
    public void Retire(Action afterwards)
    {
        lock (_gate)
        {
            _afterwards = afterwards;
        }

        Release();
    }

    /// <summary>A read view that keeps the state machine in use until it is disposed; null when it is on its way out.</summary>
    public IReadView? TryOpenReadView()
    {
        if (!TryUse())
        {
            return null;
        }

        try
        {
            return new HeldView(Machine.OpenReadView(), this);
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>A view for digests of what is applied at the call, which keeps the state machine in use until it is disposed; null when it is on its way out.</summary>
    public async Task<IFrozenView?> TryOpenFrozenViewAsync()
    {
        if (!TryUse())
        {
            return null;
        }

        try
        {
            return new HeldFrozenView(await Machine.OpenFrozenViewAsync(), this);
        }
        catch
        {
            Release();
            throw;
        }
    }

    private class HeldView(IReadView inner, StateHandle handle) : IReadView
    {
        public Raft.Log.LogPosition Applied => inner.Applied;

        public RangeDescriptor Descriptor => inner.Descriptor;

        public bool TryGet(ReadOnlySpan<byte> key, out Row row) => inner.TryGet(key, out row);

        public ScanPage Scan(in ScanQuery query) => inner.Scan(query);

        public ChangePage Changes(in ChangeQuery query) => inner.Changes(query);

        public string? CheckFile() => inner.CheckFile();

        public void Dispose()
        {
            inner.Dispose();
            handle.Release();
        }
    }

    private sealed class HeldFrozenView(IFrozenView inner, StateHandle handle) : HeldView(inner, handle), IFrozenView
    {
        public SliceDigest DigestSlice(SliceQuery query, CancellationToken cancel) => inner.DigestSlice(query, cancel);

        public StateDigest ComputeDigest(CancellationToken cancel) => inner.ComputeDigest(cancel);
    }
}
