using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>The replicas on this node. Thread-safe: a change is a new dictionary.</summary>
internal sealed class LocalReplicas
{
    private volatile IReadOnlyDictionary<RangeId, Replica> _replicas = new Dictionary<RangeId, Replica>();

    public IEnumerable<Replica> All => _replicas.Values.OrderBy(r => r.Range);

    public Replica? Find(RangeId range) => _replicas.GetValueOrDefault(range);

    public void Add(Replica replica) =>
        _replicas = new Dictionary<RangeId, Replica>(_replicas) { [replica.Range] = replica };
}
