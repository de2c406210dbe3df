using System.Text;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>What a binlog must hold, told in the simplest way: lists in memory.</summary>
internal sealed class BinlogModel
{
    private readonly SortedDictionary<ulong, ModelReplica> _replicas = [];
    private readonly SortedSet<(ulong Range, ulong Replica)> _tombstones = [];

    public ModelReplica? Find(ulong range) => _replicas.GetValueOrDefault(range);

    public void Create(ulong range, ulong replica) => _replicas[range] = new ModelReplica { Replica = replica };

    public void Remove(ulong range)
    {
        _tombstones.Add((range, _replicas[range].Replica));
        _replicas.Remove(range);
    }

    public ulong NextReplica(ulong range) => _tombstones.Where(t => t.Range == range).Select(t => t.Replica + 1).DefaultIfEmpty(1UL).Max();

    public BinlogModel Copy()
    {
        var copy = new BinlogModel();
        foreach ((ulong range, ModelReplica replica) in _replicas)
        {
            copy._replicas[range] = replica.Copy();
        }

        copy._tombstones.UnionWith(_tombstones);
        return copy;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach ((ulong range, ModelReplica r) in _replicas)
        {
            text.AppendLine($"range {range} replica {r.Replica} hard {r.Hard} floor {r.Floor} entries {string.Join(' ', r.Entries.Select(Text))}");
        }

        return text.Append("tombstones ").AppendJoin(' ', _tombstones).ToString();
    }

    /// <summary>The same text for what a log recovered.</summary>
    public static string Describe(NodeBinlog log)
    {
        var text = new StringBuilder();
        foreach (RecoveredReplica r in log.Recovered)
        {
            text.AppendLine(
                $"range {r.Range} replica {r.Replica} hard {r.HardState} floor {r.Floor} entries {string.Join(' ', log.ReadAll(r))}" +
                (r.Suspicion is null ? "" : $" SUSPECT {r.Suspicion}"));
        }

        return text.Append("tombstones ").AppendJoin(' ', log.Tombstones.Select(t => (t.Range.Value, t.Replica.Value))).ToString();
    }

    public sealed class ModelReplica
    {
        public ulong Replica;
        public HardState Hard;
        public LogPosition Floor;
        public List<Entry> Entries = [];

        public ulong Last => Floor.Index.Value + (ulong)Entries.Count;

        public ulong LastTerm => Entries.Count == 0 ? Floor.Term.Value : Entries[^1].Term.Value;

        public ulong TermOf(ulong index) => index == Floor.Index.Value ? Floor.Term.Value : Entries[(int)(index - Floor.Index.Value) - 1].Term.Value;

        public void Write(Entry[] entries, HardState? hard)
        {
            if (entries.Length > 0)
            {
                Entries.RemoveRange((int)(entries[0].Index.Value - Floor.Index.Value) - 1, Entries.Count - ((int)(entries[0].Index.Value - Floor.Index.Value) - 1));
                Entries.AddRange(entries);
            }

            if (hard is { } state)
            {
                Hard = state with { Commit = LogIndex.Max(state.Commit, Hard.Commit) };
            }
        }

        public void Checkpoint(ulong index)
        {
            if (index > Floor.Index.Value)
            {
                var floor = new LogPosition(new LogIndex(index), new Term(TermOf(index)));
                Entries.RemoveRange(0, (int)(index - Floor.Index.Value));
                Floor = floor;
            }
        }

        public void Install(ulong index, ulong term)
        {
            Entries.Clear();
            Floor = new LogPosition(new LogIndex(index), new Term(term));
            if (Hard.Term.Value < term)
            {
                Hard = new HardState(new Term(term), ReplicaId.None, Hard.Commit);
            }

            Hard = Hard with { Commit = LogIndex.Max(Hard.Commit, new LogIndex(index)) };
        }

        public ModelReplica Copy() => new() { Replica = Replica, Hard = Hard, Floor = Floor, Entries = [.. Entries] };
    }
}
