using BenchmarkDotNet.Attributes;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;

namespace RaftDb.Benchmarks;

/// <summary>What it costs to append entries to the node's log on the disk of the temporary directory, and to have them there durably.</summary>
[MemoryDiagnoser]
public class AppendBenchmarks
{
    private const int EntryBytes = 140;

    private static readonly RangeId Range = new(2);
    private static readonly ReplicaId Replica = new(1);

    private readonly ManualResetEventSlim _durable = new();
    private string _directory = "";
    private NodeBinlog _binlog = null!;
    private ulong _index;

    /// <summary>Entries of one write. The figures are those of the write.</summary>
    [Params(1, 16, 100)]
    public int Entries { get; set; }

    /// <summary>Whether it waits for the disk.</summary>
    [Params(Durability.Fsync, Durability.Os)]
    public Durability Durability { get; set; }

    /// <summary>A log with one range.</summary>
    [GlobalSetup]
    public void Open()
    {
        _directory = Directory.CreateTempSubdirectory("raftdb-bench-").FullName;
        _binlog = NodeBinlog.Open(new PosixDisk(_directory), "binlog", new(Guid.NewGuid(), new(1), Guid.NewGuid()), new() { Durability = Durability });
        RangeDescriptor descriptor = new()
        {
            Id = Range,
            Kind = RangeKind.KeyValue,
            Start = default,
            End = null,
            Generation = 1,
            Replicas = [new(Replica, new(1))],
        };
        _binlog.CreateReplica(Range, Replica, new(LogPosition.Zero, Configuration.OfVoters(Replica), descriptor, "none"));
    }

    /// <summary>The files go.</summary>
    [GlobalCleanup]
    public void Close()
    {
        _binlog.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>One write, until it is durable.</summary>
    [Benchmark]
    public void Append()
    {
        Entry[] entries = new Entry[Entries];
        for (int i = 0; i < Entries; i++)
        {
            entries[i] = new(new(1), new(++_index), EntryKind.Command, new byte[EntryBytes]);
        }

        _durable.Reset();
        _binlog.Append(new BinlogWrite { Range = Range, Replica = Replica, Entries = entries, Completed = _ => _durable.Set() });
        _durable.Wait();
    }
}
