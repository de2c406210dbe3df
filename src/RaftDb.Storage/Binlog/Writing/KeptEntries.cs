using RaftDb.Raft;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>Holds compacted entries readable for a moment after the floor moved: whoever reads the log learns of the new floor by the completion of the checkpoint,
/// and may ask for older entries until that has reached it. Writer thread only.</summary>
internal sealed class KeptEntries(bool driven)
{
    private const long GraceMilliseconds = 2000;
    private readonly Queue<(ReplicaLog Log, LogIndex Floor, long Since)> _moved = new();
    private long _turn;

    /// <summary>A driven log counts turns instead of time, so that a run repeats exactly.</summary>
    private long Now => driven ? _turn : Environment.TickCount64;

    private long Grace => driven ? 1 : GraceMilliseconds;

    public void NextTurn() => _turn++;

    public void FloorMoved(ReplicaLog log) => _moved.Enqueue((log, log.Floor.Index, Now));

    /// <summary>Lets go of what was kept long enough; answers whether there was any.</summary>
    public bool Release()
    {
        bool any = false;
        while (_moved.TryPeek(out (ReplicaLog Log, LogIndex Floor, long Since) first) && Now - first.Since >= Grace)
        {
            first.Log.Release(first.Floor);
            _moved.Dequeue();
            any = true;
        }

        return any;
    }
}
