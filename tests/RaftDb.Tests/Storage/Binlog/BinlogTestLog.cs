using System.Text;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>Short words for the binlog's tests. The log is driven by the test's own thread, so that a run repeats exactly.</summary>
internal static class BinlogTestLog
{
    public const string Directory = "binlog";
    public static readonly BinlogIdentity Identity = new(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), new NodeId(7), new Guid(11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21));
    public static readonly Guid Boot = new(21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);

    public static readonly BinlogOptions Options = new()
    {
        SegmentBytes = 64 << 10,
        OwnThreads = false,
        BootId = Boot,
        RetainedEntries = 0,
        RetainedBytes = 0,
    };

    public static NodeBinlog Open(IDisk disk, BinlogOptions? options = null) => NodeBinlog.Open(disk, Directory, Identity, options ?? Options);

    public static RangeId Range(ulong id) => new(id);

    public static RangeCheckpoint Checkpoint(ulong range, ulong index = 0, ulong term = 0) => new(
        new LogPosition(new LogIndex(index), new Term(term)),
        Configuration.OfVoters(new ReplicaId(1), new ReplicaId(2), new ReplicaId(3)),
        new RangeDescriptor
        {
            Id = new RangeId(range),
            Kind = RangeKind.KeyValue,
            Start = "a"u8.ToArray(),
            End = "z"u8.ToArray(),
            Generation = 3,
            Replicas = [new ReplicaDescriptor(new ReplicaId(1), new NodeId(7))],
        },
        "state-1.db");

    public static Entry Entry(ulong index, ulong term, string data) => new(new Term(term), new LogIndex(index), EntryKind.Command, Encoding.UTF8.GetBytes(data));

    public static Entry[] Entries(ulong first, int count, ulong term, int size = 20) =>
        [.. Enumerable.Range(0, count).Select(i => Entry(first + (ulong)i, term, $"{first + (ulong)i}@{term}:".PadRight(size, '.')))];

    public static HardState Hard(ulong term, ulong vote, ulong commit) => new(new Term(term), new ReplicaId(vote), new LogIndex(commit));

    /// <summary>Appends and drives; true when it was completed.</summary>
    public static bool Write(this NodeBinlog log, ulong range, Entry[] entries, HardState? hard = null, ulong replica = 1, bool mustSync = true)
    {
        bool completed = false;
        log.Append(new BinlogWrite
        {
            Range = new RangeId(range),
            Replica = new ReplicaId(replica),
            Entries = entries,
            HardState = hard,
            MustSync = mustSync,
            Completed = _ => completed = true,
        });
        log.Drive();
        return completed;
    }

    /// <summary>Records a checkpoint and drives; answers the new floor.</summary>
    public static LogPosition? Checkpoint(this NodeBinlog log, RangeCheckpoint checkpoint, ulong? pin = null)
    {
        LogPosition? floor = null;
        log.RecordCheckpoint(checkpoint.Descriptor.Id, checkpoint, pin is { } p ? new LogIndex(p) : null, f => floor = f);
        log.Drive();
        return floor;
    }

    public static RecoveredReplica Replica(this NodeBinlog log, ulong range) => log.Recovered.Single(r => r.Range.Value == range);

    /// <summary>All retained entries of a recovered replica, as "index@term=data".</summary>
    public static string[] ReadAll(this NodeBinlog log, RecoveredReplica replica)
    {
        if (replica.Last == replica.Floor.Index)
        {
            return [];
        }

        var entries = new List<Entry>();
        log.Reader(replica.Range).Read(replica.Floor.Index.Next, replica.Last, int.MaxValue, entries);
        return [.. entries.Select(Text)];
    }

    public static string Text(Entry entry) => $"{entry.Index}@{entry.Term}={Encoding.UTF8.GetString(entry.Data.Span)}";
}
