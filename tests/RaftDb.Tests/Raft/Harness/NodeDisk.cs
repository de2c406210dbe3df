using RaftDb.Raft;
using RaftDb.Raft.Log;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>What a simulated node has on disk: it survives a crash, and nothing else does. Writes are atomic and in order.</summary>
internal sealed class NodeDisk(MachineState bootstrap) : ILogReader
{
    public HardState HardState { get; private set; }

    public ChainedLog Log { get; } = new();

    /// <summary>The state machine as of its last checkpoint: the log before it may go.</summary>
    public MachineState Checkpoint { get; set; } = bootstrap;

    public void Write(HardState? hardState, IReadOnlyList<Entry> entries)
    {
        if (hardState is { } next)
        {
            var before = HardState;
            Check.That(next.Term >= before.Term, $"the durable term went from {before.Term} back to {next.Term}");
            Check.That(next.Commit >= before.Commit, $"the durable commit index went from {before.Commit} back to {next.Commit}");
            Check.That(
                next.Term > before.Term || before.Vote.IsNone || next.Vote == before.Vote,
                $"the durable vote of term {before.Term} changed from {before.Vote} to {next.Vote}");
            HardState = next;
        }

        Log.Append(entries);
    }

    public void Install(MachineState snapshot)
    {
        Log.Reset(snapshot.Position, snapshot.Chain);
        Checkpoint = snapshot;
    }

    public void Read(LogIndex from, LogIndex to, int maxBytes, List<Entry> into)
    {
        Check.That(
            from > Log.Floor.Index && from <= to && to <= Log.Last.Index,
            $"reads {from}..{to} of {Log.Floor.Index}..{Log.Last.Index}");
        var bytes = 0;
        for (var index = from; index <= to && bytes < maxBytes; index = index.Next)
        {
            var entry = Log.EntryAt(index);
            bytes += entry.Size;
            into.Add(entry);
        }
    }

    /// <summary>What a process that starts on this disk knows.</summary>
    public RaftStart Start(ReplicaId replica, MachineState machine)
    {
        var runs = new List<TermRun>();
        foreach (var entry in Log.Entries)
        {
            if (runs.Count == 0 || runs[^1].Term != entry.Term)
            {
                runs.Add(new(entry.Index, entry.Term));
            }
        }

        return new()
        {
            Replica = replica,
            HardState = HardState,
            Configuration = machine.Configuration,
            Applied = machine.Position.Index,
            Floor = Log.Floor,
            Last = Log.Last.Index,
            TermRuns = runs,
        };
    }
}
