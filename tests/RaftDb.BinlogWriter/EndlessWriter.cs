using System.Numerics;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;

namespace RaftDb.BinlogWriter;

/// <summary>Four threads, each appending to ranges of its own as fast as it is acknowledged, with a checkpoint now and then.</summary>
internal sealed class EndlessWriter(string directory, int seed)
{
    private const int Threads = 4;
    private const int RangesPerThread = 3;
    private static readonly BinlogIdentity Identity = new(new Guid(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), new NodeId(1), new Guid(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2));
    private static readonly BinlogOptions Options = new() { SegmentBytes = 256 << 10, RetainedEntries = 500, RecycledSegments = 2 };
    private readonly StreamWriter _acknowledged = new(Console.OpenStandardOutput()) { AutoFlush = false };

    public int Run()
    {
        NodeBinlog log = NodeBinlog.Open(new PosixDisk(directory), "binlog", Identity, Options);
        _ = log.Failed.ContinueWith(f => Environment.FailFast(f.Result.Message), TaskScheduler.Default);
        var threads = new List<Thread>();
        for (int i = 0; i < Threads; i++)
        {
            int first = 2 + (i * RangesPerThread);
            var thread = new Thread(() => Append(log, first, new Random(seed + first)));
            thread.Start();
            threads.Add(thread);
        }

        threads.ForEach(t => t.Join());
        return 1; // Only a signal ends the threads.
    }

    private void Append(NodeBinlog log, int firstRange, Random dice)
    {
        var last = new ulong[RangesPerThread];
        var term = new ulong[RangesPerThread];
        for (int i = 0; i < RangesPerThread; i++)
        {
            var range = new RangeId((ulong)(firstRange + i));
            if (log.Recovered.FirstOrDefault(r => r.Range == range) is { } known)
            {
                last[i] = known.Last.Value;
                term[i] = known.HardState.Term.Value + 1;
            }
            else
            {
                term[i] = 1;
                log.CreateReplica(range, new ReplicaId(1), Checkpoint(range, 0, 0));
            }
        }

        using var answered = new SemaphoreSlim(0);
        while (true)
        {
            int count = dice.Next(1, 4);
            for (int n = 0; n < count; n++)
            {
                int i = dice.Next(RangesPerThread);
                var range = new RangeId((ulong)(firstRange + i));
                var entries = new Entry[dice.Next(1, 4)];
                for (int e = 0; e < entries.Length; e++)
                {
                    var data = new byte[dice.Next(dice.Next(20) == 0 ? 5000 : 200)];
                    dice.NextBytes(data);
                    entries[e] = new Entry(new Term(term[i]), new LogIndex(++last[i]), EntryKind.Command, data);
                }

                log.Append(new BinlogWrite
                {
                    Range = range,
                    Replica = new ReplicaId(1),
                    HardState = new HardState(new Term(term[i]), new ReplicaId(1), LogIndex.Zero),
                    Entries = entries,
                    Completed = w => Acknowledge(w, answered),
                });
            }

            for (int n = 0; n < count; n++)
            {
                answered.Wait();
            }

            if (dice.Next(30) == 0)
            {
                int i = dice.Next(RangesPerThread);
                var range = new RangeId((ulong)(firstRange + i));
                if (last[i] > 0)
                {
                    log.RecordCheckpoint(range, Checkpoint(range, last[i], term[i]), null, _ => { });
                }
            }
        }
    }

    /// <summary>Runs on the writer thread, so lines never mix.</summary>
    private void Acknowledge(BinlogWrite write, SemaphoreSlim answered)
    {
        foreach (Entry entry in write.Entries)
        {
            uint checksum = 0;
            foreach (byte b in entry.Data.Span)
            {
                checksum = BitOperations.Crc32C(checksum, b);
            }

            _acknowledged.Write($"{write.Range} {entry.Index} {checksum}\n");
        }

        _acknowledged.Flush();
        answered.Release();
    }

    private static RangeCheckpoint Checkpoint(RangeId range, ulong index, ulong term) => new(
        new LogPosition(new LogIndex(index), new Term(term)),
        Configuration.OfVoters(new ReplicaId(1)),
        new RangeDescriptor
        {
            Id = range,
            Kind = RangeKind.KeyValue,
            Start = ReadOnlyMemory<byte>.Empty,
            End = null,
            Generation = 1,
            Replicas = [new ReplicaDescriptor(new ReplicaId(1), new NodeId(1))],
        },
        "state-1.db");
}
