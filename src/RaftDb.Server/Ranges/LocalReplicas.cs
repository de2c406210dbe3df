using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>The replicas on this node. Thread-safe: a change is a new dictionary.</summary>
internal sealed class LocalReplicas
{
    private readonly Lock _gate = new();
    private volatile IReadOnlyDictionary<RangeId, Replica> _replicas = new Dictionary<RangeId, Replica>();

    public IEnumerable<Replica> All => _replicas.Values.OrderBy(r => r.Range);

    public Replica? Find(RangeId range) => _replicas.GetValueOrDefault(range);

    /// <summary>The replica of a range, when it has something to show: not one that still waits for its first snapshot.</summary>
    public Replica? FindServing(RangeId range) => Find(range) is { IsBlank: false } replica ? replica : null;

    /// <summary>One to ask, and whose word counts on who leads: it works, and it votes.</summary>
    public Replica? FindVoter(RangeId range) => FindServing(range) is { Halted: null, IsVoter: true } replica ? replica : null;

    public void Add(Replica replica)
    {
        lock (_gate)
        {
            _replicas = new Dictionary<RangeId, Replica>(_replicas) { [replica.Range] = replica };
        }
    }

    public void Remove(Replica replica)
    {
        lock (_gate)
        {
            Dictionary<RangeId, Replica> others = new(_replicas);
            if (others.GetValueOrDefault(replica.Range) == replica)
            {
                others.Remove(replica.Range);
            }

            _replicas = others;
        }
    }
}
