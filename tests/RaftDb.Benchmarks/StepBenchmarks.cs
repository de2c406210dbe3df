using BenchmarkDotNet.Attributes;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Benchmarks;

/// <summary>What an entry costs in the consensus of a leader and two followers together, from the proposal until all have applied it, without disk, network and state machine.</summary>
[MemoryDiagnoser]
public class StepBenchmarks
{
    private const int CommandBytes = 140;
    private const int Rounds = 100;

    private StepRig _rig = null!;

    /// <summary>Proposals that come together. The figures are those of the batch.</summary>
    [Params(1, 16, 100)]
    public int Commands { get; set; }

    /// <summary>A group with a leader.</summary>
    [GlobalSetup]
    public void Elect() => _rig = new StepRig(Commands, CommandBytes);

    /// <summary>A batch of proposals.</summary>
    [Benchmark(OperationsPerInvoke = Rounds)]
    public void Propose()
    {
        for (int i = 0; i < Rounds; i++)
        {
            _rig.Round();
        }
    }
}
