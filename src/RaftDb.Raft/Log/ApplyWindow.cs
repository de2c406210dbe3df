using RaftDb.Raft.Membership;

namespace RaftDb.Raft.Log;

/// <summary>Hands out committed entries in order, once each, and bounds how many bytes of them are under way.</summary>
internal sealed class ApplyWindow(RaftOptions options, RaftLog log, MembershipState membership)
{
    private readonly ByteLedger _applying = new();

    /// <summary>Everything up to here was handed out.</summary>
    public LogIndex HandedOut { get; private set; } = log.Applied;

    public void HandOut(Ready ready)
    {
        LogIndex end = Mutants.AppliedBeforeDurable ? log.Commit : LogIndex.Min(log.Commit, log.Persisted);
        while (HandedOut < end && _applying.Bytes < options.MaxApplyingBytes)
        {
            int before = ready.Committed.Count;
            log.Read(HandedOut.Next, end, options.MaxApplyingBytes - _applying.Bytes, ready.Committed);
            long bytes = 0;
            for (int i = before; i < ready.Committed.Count; i++)
            {
                Entry entry = ready.Committed[i];
                Check.That(entry.Index == HandedOut.Next, $"entry {entry.Index} was read for apply where {HandedOut.Next} was due");
                HandedOut = entry.Index;
                bytes += entry.Size;
                if (entry.Kind == EntryKind.ConfigurationChange)
                {
                    ready.Configurations.Add((entry.Index, membership.HandedOut(entry)));
                }
            }

            _applying.Add(HandedOut, bytes);
        }
    }

    public void Applied(LogIndex index)
    {
        Check.That(index <= HandedOut, $"applied {index}, but only {HandedOut} was handed out");
        _applying.Release(index);
    }

    public void Reset(LogIndex applied)
    {
        _applying.Clear();
        HandedOut = applied;
    }
}
