using BenchmarkDotNet.Attributes;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Benchmarks;

/// <summary>What it costs to apply a put of a 16-byte key and a 100-byte value, in batches of 100: plainly, in a session whose client keeps 16 writes under way, and while somebody
/// watches the range.</summary>
[MemoryDiagnoser]
public class ApplyBenchmarks
{
    private const int Batch = 100;
    private const int Keys = 100_000;
    private const int UnderWay = 16;

    private readonly Random _random = new(1);
    private readonly SessionId _session = new(42);
    private readonly List<CommandResult?> _results = [];
    private readonly Entry[] _entries = new Entry[Batch];
    private string _directory = "";
    private IStateMachine _state = null!;
    private ulong _index;
    private ulong _sequence;

    /// <summary>Which of the three.</summary>
    [Params("plain", "session", "watched")]
    public string Kind { get; set; } = "plain";

    /// <summary>A state with many rows.</summary>
    [GlobalSetup]
    public void Fill()
    {
        _directory = Directory.CreateTempSubdirectory("raftdb-bench-").FullName;
        RangeDescriptor descriptor = new()
        {
            Id = new(2),
            Kind = RangeKind.KeyValue,
            Start = default,
            End = null,
            Generation = 1,
            Replicas = [new(new(1), new(1))],
        };
        _state = new SqliteStateMachineStore(_directory, new()).Create(descriptor, Configuration.OfVoters(new Raft.ReplicaId(1)));
        if (Kind == "watched")
        {
            Apply(new KeepChangesCommand(HybridTimestamp.Of(1000, 0), 1, long.MaxValue >> 16));
        }

        for (int i = 0; i < 2 * Keys / Batch; i++)
        {
            Put();
        }

        _state.Checkpoint();
    }

    /// <summary>The file goes.</summary>
    [GlobalCleanup]
    public void Close()
    {
        _state.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>A batch of puts.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public void Put()
    {
        for (int i = 0; i < Batch; i++)
        {
            byte[] key = new byte[16];
            BitConverter.TryWriteBytes(key, _random.Next(Keys));
            SessionWrite? session = Kind == "session"
                ? new SessionWrite(_session, ++_sequence, _sequence > UnderWay ? _sequence - UnderWay : 1)
                : null;
            TransactionCommand put = new(HybridTimestamp.Of(1000, 0), 1, [], [Operation.Put(key, new byte[100])], [], session);
            _entries[i] = new(new(1), new(++_index), EntryKind.Command, CommandCodec.Encode(put));
        }

        _results.Clear();
        _state.Apply(_entries, [], _results);
        if (_state.CheckpointDebtBytes > 32 << 20)
        {
            _state.Checkpoint();
        }
    }

    private void Apply(Command command) =>
        _state.Apply([new(new(1), new(++_index), EntryKind.Command, CommandCodec.Encode(command))], [], []);
}
