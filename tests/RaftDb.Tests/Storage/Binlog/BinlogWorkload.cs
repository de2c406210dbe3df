using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog;
using static RaftDb.Tests.Storage.Binlog.BinlogTestLog;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>A random but repeatable sequence of everything that can be asked of a binlog.</summary>
internal sealed class BinlogWorkload(int seed, int ranges = 3, int largest = 3000, bool oneByOne = false, bool slow = false)
{
    private readonly Random _dice = new(seed);

    /// <summary>What was acknowledged.</summary>
    public BinlogModel Acknowledged { get; private set; } = new();

    /// <summary>What was acknowledged, and what each further part of the last step would make of it: what a crash during that step may leave.</summary>
    public List<string> Possible { get; private set; } = [new BinlogModel().ToString()];

    private BinlogModel Attempted { get; set; } = new();

    /// <summary>One step; answers whether it was acknowledged.</summary>
    public bool Step(NodeBinlog log)
    {
        Attempted = Acknowledged.Copy();
        int count = !oneByOne && _dice.Next(4) == 0 ? _dice.Next(2, 5) : 1;
        int completed = 0;
        var after = new List<BinlogModel> { Acknowledged };
        for (int i = 0; i < count; i++)
        {
            Issue(log, () => completed++);
            after.Add(Attempted.Copy());
        }

        log.Drive();
        Acknowledged = after[completed];
        Possible = [.. after.Skip(completed).Select(m => m.ToString())];
        return completed == count;
    }

    private void Issue(NodeBinlog log, Action done)
    {
        ulong range = (ulong)_dice.Next(2, 2 + ranges);
        if (Attempted.Find(range) is not { } replica)
        {
            ulong id = Attempted.NextReplica(range);
            Attempted.Create(range, id);
            log.InstallSnapshot(Range(range), new ReplicaId(id), Checkpoint(range), done);
            return;
        }

        // With a slow range, which never lets go of anything, the others' garbage can be had only by relocating that range's entries.
        int what = slow && range == 2 ? 19 : _dice.Next(20);
        switch (what)
        {
            case 0:
                Attempted.Remove(range);
                log.RemoveReplica(Range(range), new ReplicaId(replica.Replica), done);
                break;
            case 1:
                ulong index = replica.Last + (ulong)_dice.Next(5);
                ulong snapshotTerm = replica.LastTerm + (ulong)_dice.Next(2);
                replica.Install(index, snapshotTerm);
                log.InstallSnapshot(Range(range), new ReplicaId(replica.Replica), Checkpoint(range, index, snapshotTerm), done);
                break;
            case 2 or 3 or 4:
                ulong applied = (ulong)_dice.NextInt64((long)replica.Floor.Index.Value, (long)replica.Last + 1);
                ulong appliedTerm = replica.TermOf(applied);
                replica.Checkpoint(applied);
                log.RecordCheckpoint(Range(range), Checkpoint(range, applied, appliedTerm), null, _ => done());
                break;
            default:
                Append(log, range, replica, done);
                break;
        }
    }

    private void Append(NodeBinlog log, ulong range, BinlogModel.ModelReplica replica, Action done)
    {
        ulong term = Math.Max(replica.LastTerm, 1) + (_dice.Next(6) == 0 ? 1UL : 0);
        ulong first = replica.Last + 1;
        if (_dice.Next(5) == 0 && replica.Entries.Count > 0)
        {
            first -= (ulong)_dice.Next(1, Math.Min(replica.Entries.Count, 4) + 1);
            term++;
        }

        int count = _dice.Next(8) == 0 ? 0 : _dice.Next(1, 6);
        var entries = new Entry[count];
        for (int i = 0; i < count; i++)
        {
            entries[i] = Entry(first + (ulong)i, term, new string((char)('a' + _dice.Next(26)), _dice.Next(_dice.Next(8) == 0 ? largest : 60)));
        }

        HardState? hard = count == 0 || _dice.Next(2) == 0
            ? Hard(Math.Max(term, replica.Hard.Term.Value), (ulong)_dice.Next(3), replica.Floor.Index.Value)
            : null;
        replica.Write(entries, hard);
        log.Append(new BinlogWrite
        {
            Range = Range(range),
            Replica = new ReplicaId(replica.Replica),
            Entries = entries,
            HardState = hard,
            Completed = _ => done(),
        });
    }
}
