namespace RaftDb.Server.Replicas;

/// <summary>What has come for a replica and was not taken yet. Anybody may post; the replica's loop takes everything at once.</summary>
internal sealed class ReplicaInbox
{
    private const int MaxProposals = 20_000;

    private readonly Lock _gate = new();
    private List<object> _items = [];
    private bool _woken;
    private int _proposals;

    /// <summary>Proposals that wait.</summary>
    public int Proposals => Volatile.Read(ref _proposals);

    /// <summary>Adds an item; true when the loop must be woken for it.</summary>
    public bool Add(object item)
    {
        lock (_gate)
        {
            _items.Add(item);
            bool wake = !_woken;
            _woken = true;
            return wake;
        }
    }

    /// <summary>Makes room for a proposal; false when too many wait already.</summary>
    public bool TryReserveProposal()
    {
        if (Interlocked.Increment(ref _proposals) <= MaxProposals)
        {
            return true;
        }

        ReleaseProposal();
        return false;
    }

    /// <summary>A proposal was taken.</summary>
    public void ReleaseProposal() => Interlocked.Decrement(ref _proposals);

    /// <summary>Takes everything, in order; <paramref name="emptied"/> becomes the inbox.</summary>
    public List<object> Take(List<object> emptied)
    {
        lock (_gate)
        {
            List<object> taken = _items;
            _items = emptied;
            _woken = false;
            return taken;
        }
    }
}
