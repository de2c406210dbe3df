using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>Decides after a replay which replicas are suspect, and why. What can be read of a suspect replica's log without a gap stays readable.</summary>
internal sealed class Verdict(Replay replay, bool lostCache)
{
    private const string LostCache =
        "The machine stopped without a clean end while this node ran with durability `os`: entries that were acknowledged may be lost.";

    /// <summary>Answers the replicas that are suspect and were not recorded as such.</summary>
    public List<ReplicaLog> Judge(ReplicaTable replicas)
    {
        var suspect = new List<ReplicaLog>();
        foreach (ReplicaLog log in replicas.All)
        {
            string? reason = Reason(log);
            if (log.FirstMissing() is { } missing)
            {
                reason ??= $"Entry {missing} is damaged or missing in the binlog.";
                log.Truncate(new LogPosition(missing.Previous, log.TermOf(missing.Previous)));
            }

            if (reason is not null && log.Suspicion is null)
            {
                log.SetSuspicion(reason, segment: 0);
                suspect.Add(log);
            }
        }

        return suspect;
    }

    private string? Reason(ReplicaLog log)
    {
        RangeTrouble trouble = replay.TroubleOf(log.Range);
        return trouble.Broken ?? trouble.Doubt ??
            (log.Checkpoint is null ? "The binlog holds no record of its creation or of a checkpoint." :
            (trouble.FloorIsUnknown && trouble.StatedFloor != log.Floor) || trouble.LastIsUnknown ? $"The records before entry {log.Floor.Index.Next} are missing in the binlog." :
            lostCache ? LostCache : null);
    }
}
