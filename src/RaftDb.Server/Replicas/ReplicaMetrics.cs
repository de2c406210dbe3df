namespace RaftDb.Server.Replicas;

/// <summary>Counters that all replicas of a node share; read by the metrics endpoint.</summary>
internal sealed class ReplicaMetrics
{
    private long _elections;
    private long _electionsWon;
    private long _committed;
    private long _applied;
    private long _snapshotsSent;
    private long _snapshotsInstalled;
    private long _proposals;
    private long _proposalsRefused;

    public long Elections => Interlocked.Read(ref _elections);

    public long ElectionsWon => Interlocked.Read(ref _electionsWon);

    public long Committed => Interlocked.Read(ref _committed);

    public long Applied => Interlocked.Read(ref _applied);

    public long SnapshotsSent => Interlocked.Read(ref _snapshotsSent);

    public long SnapshotsInstalled => Interlocked.Read(ref _snapshotsInstalled);

    public long Proposals => Interlocked.Read(ref _proposals);

    public long ProposalsRefused => Interlocked.Read(ref _proposalsRefused);

    public void ElectionStarted() => Interlocked.Increment(ref _elections);

    public void ElectionWon() => Interlocked.Increment(ref _electionsWon);

    public void CommittedEntries(long count) => Interlocked.Add(ref _committed, count);

    public void AppliedEntries(long count) => Interlocked.Add(ref _applied, count);

    public void SnapshotSent() => Interlocked.Increment(ref _snapshotsSent);

    public void SnapshotInstalled() => Interlocked.Increment(ref _snapshotsInstalled);

    public void Proposed(long accepted, long refused)
    {
        Interlocked.Add(ref _proposals, accepted);
        Interlocked.Add(ref _proposalsRefused, refused);
    }
}
