using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>What this node knows of damaged replicas: its own, those that other nodes tell of, and what is being done about those of ranges that it leads. Thread-safe.</summary>
internal sealed class TroubleBook(NodeId node, LocalReplicas replicas, INodeClock clock)
{
    /// <summary>Nodes tell every second; who has not told for so long has nothing to tell, or is gone.</summary>
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<RangeId, Trouble> _unusable = [];
    private readonly Dictionary<NodeId, (Instant At, IReadOnlyList<Trouble> Troubles)> _told = [];
    private readonly Dictionary<RangeId, string> _notes = [];
    private readonly Dictionary<RangeId, string> _alarms = [];

    /// <summary>Replicas on this node that must not take part: not opened, or halted.</summary>
    public IReadOnlyList<Trouble> Own
    {
        get
        {
            List<Trouble> own = [.. replicas.All.Where(r => r.Halted is not null).Select(r => new Trouble(r.Range, r.Id, r.Halted!, r.IsHelpedByRebuild))];
            lock (_gate)
            {
                own.AddRange(_unusable.Values);
            }

            return own;
        }
    }

    /// <summary>A replica on this node could not be opened.</summary>
    public void Unusable(Trouble trouble)
    {
        lock (_gate)
        {
            _unusable[trouble.Range] = trouble;
        }
    }

    /// <summary>What was wrong on this node with an earlier replica of the range is over.</summary>
    public void Over(RangeId range)
    {
        lock (_gate)
        {
            _unusable.Remove(range);
        }
    }

    /// <summary>Another node tells of its replicas.</summary>
    public void Told(NodeId from, IReadOnlyList<Trouble> troubles)
    {
        lock (_gate)
        {
            _told[from] = (clock.Now, troubles);
        }
    }

    /// <summary>What is wrong with a replica; null when nothing is known to be.</summary>
    public Trouble? Find(RangeId range, ReplicaDescriptor replica)
    {
        if (replica.Node == node)
        {
            return Own.FirstOrDefault(t => t.Range == range && t.Replica == replica.Replica);
        }

        lock (_gate)
        {
            return _told.TryGetValue(replica.Node, out (Instant At, IReadOnlyList<Trouble> Troubles) told) && clock.Now - told.At < Believed
                ? told.Troubles.FirstOrDefault(t => t.Range == range && t.Replica == replica.Replica)
                : null;
        }
    }

    /// <summary>What the leader, this node, does about a range; null: nothing (any more).</summary>
    public void Note(RangeId range, string? note) => Set(_notes, range, note);

    /// <summary>What a check of a range has left for people to look at; null: nothing (any more).</summary>
    public void Alarm(RangeId range, string? alarm) => Set(_alarms, range, alarm);

    /// <summary>What status says of a range beside its replicas.</summary>
    public IReadOnlyList<string> NotesOn(RangeId range)
    {
        lock (_gate)
        {
            return [.. new[] { _notes.GetValueOrDefault(range), _alarms.GetValueOrDefault(range) }.OfType<string>()];
        }
    }

    private void Set(Dictionary<RangeId, string> lines, RangeId range, string? line)
    {
        lock (_gate)
        {
            if (line is null)
            {
                lines.Remove(range);
            }
            else
            {
                lines[range] = line;
            }
        }
    }
}
