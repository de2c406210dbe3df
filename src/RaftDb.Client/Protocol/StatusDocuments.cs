using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>GET /v1/status: the cluster as one node sees it.</summary>
public sealed record ClusterStatus(
    string Cluster, ulong Node, string Version, IReadOnlyList<NodeStatus> Nodes, IReadOnlyList<RangeStatus> Ranges, IReadOnlyList<string> Problems);

/// <summary>An item of GET /v1/nodes.</summary>
/// <param name="Id">The node.</param>
/// <param name="Http">Its HTTP address; null when it was never heard of.</param>
/// <param name="Resp">Its RESP address.</param>
/// <param name="Peer">Its peer address.</param>
/// <param name="Zone">Its zone, where given.</param>
/// <param name="Alive">Whether it is connected.</param>
/// <param name="Suspicion">Why something is wrong with it, or null.</param>
/// <param name="Ranges">How many replicas it has.</param>
/// <param name="Leaders">How many ranges it leads, as far as this node knows.</param>
/// <param name="Sqlite">The SQLite version it runs.</param>
public sealed record NodeStatus(
    ulong Id, string? Http, string? Resp, string Peer, string? Zone, bool Alive, string? Suspicion, int Ranges, int Leaders, string? Sqlite);

/// <summary>An item of GET /v1/ranges.</summary>
/// <param name="Id">The range.</param>
/// <param name="Kind">"meta" or "kv".</param>
/// <param name="Start">First key as text or base64 object; null = unbounded.</param>
/// <param name="End">End; null = unbounded.</param>
/// <param name="Generation">Of its descriptor.</param>
/// <param name="Leader">The leader's node; null when unknown.</param>
/// <param name="Term">The term.</param>
/// <param name="Commit">The commit index.</param>
/// <param name="Replicas">Its replicas.</param>
/// <param name="Bytes">Size of the data.</param>
/// <param name="Keys">Number of keys.</param>
/// <param name="FirstRetained">The first log index from which a follower can catch up by log.</param>
/// <param name="Notes">What its leader does about damaged replicas, and what checks have found.</param>
public sealed record RangeStatus(
    ulong Id, string Kind, BinaryText? Start, BinaryText? End, ulong Generation, ulong? Leader, ulong Term, ulong Commit,
    IReadOnlyList<ReplicaStatus> Replicas, long Bytes, long Keys, ulong FirstRetained, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Notes = null);

/// <summary>One replica of a range.</summary>
/// <param name="Node">Its node.</param>
/// <param name="Replica">Its replica id.</param>
/// <param name="Role">leader, follower, learner, candidate, unusable (damaged: it takes no part), or unknown.</param>
/// <param name="State">How the leader replicates to it (probe, replicate, snapshot); null when this node doesn't lead.</param>
/// <param name="Match">Durable there, as far as the leader knows; null when unknown.</param>
/// <param name="Applied">Applied there.</param>
/// <param name="Lag">Entries behind the leader's commit index; null when unknown.</param>
/// <param name="Suspicion">Why it is not trusted, or null.</param>
public sealed record ReplicaStatus(
    ulong Node, ulong Replica, string Role, string? State, ulong? Match, ulong? Applied, ulong? Lag, string? Suspicion);
