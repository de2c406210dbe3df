namespace RaftDb.Server.Replicas;

/// <summary>Whether and when a loop is to be woken.</summary>
internal enum Wake : byte
{
    No,

    /// <summary>Once the disk has done what it is doing: what comes meanwhile shares the next write.</summary>
    AfterDisk,

    Now,
}

/// <summary>Results of a replica's own work that often nobody waits for. They wake the loop only while somebody does.</summary>
[Flags]
internal enum Attention : byte
{
    None,

    /// <summary>Entries are durable.</summary>
    Persisted = 1,

    /// <summary>Entries are applied.</summary>
    Applied = 2,
}

/// <summary>What has come for a replica and was not taken yet. Anybody may post; the replica's loop takes everything at once.</summary>
internal sealed class ReplicaInbox
{
    private const int MaxProposals = 20_000;

    private readonly Lock _gate = new();
    private List<object> _items = [];
    private Wake _wake;
    private Attention _attention;
    private Attention _unattended;
    private int _proposals;

    /// <summary>Proposals that wait.</summary>
    public int Proposals => Volatile.Read(ref _proposals);

    /// <summary>Adds an item, and says how the loop must be woken for it, if it must. <paramref name="patient"/>: the item may wait for the disk.</summary>
    public Wake Add(object item, bool patient)
    {
        Wake wanted = patient ? Wake.AfterDisk : Wake.Now;
        lock (_gate)
        {
            _items.Add(item);
            return Raise(wanted);
        }
    }

    /// <summary>Adds a result, for which the loop is to be woken when there is attention; otherwise the next pass finds it.</summary>
    public Wake AddResult(object item, Attention kind)
    {
        lock (_gate)
        {
            _items.Add(item);
            if ((_attention & kind) != 0)
            {
                return Raise(Wake.Now);
            }

            _unattended |= kind;
            return Wake.No;
        }
    }

    /// <summary>At the end of a pass: says what somebody waits for from now on. True when such a result has come meanwhile: another pass is due.</summary>
    public bool Attend(Attention attention)
    {
        lock (_gate)
        {
            _attention = attention;
            return (_unattended & attention) != 0;
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
            _wake = Wake.No;
            _unattended = Attention.None;
            return taken;
        }
    }

    private Wake Raise(Wake wanted)
    {
        if (_wake >= wanted)
        {
            return Wake.No;
        }

        _wake = wanted;
        return wanted;
    }
}
