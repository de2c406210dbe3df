using BenchmarkDotNet.Attributes;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Benchmarks;

/// <summary>What it costs to turn a put of a 16-byte key and a 100-byte value into an entry's bytes and back.</summary>
[MemoryDiagnoser]
public class CommandCodecBenchmarks
{
    private readonly TransactionCommand _put = new(
        HybridTimestamp.Of(1_700_000_000_000, 1), 1, [], [Operation.Put(new byte[16], new byte[100])], []);

    private byte[] _bytes = [];

    /// <summary>Prepares the encoded form.</summary>
    [GlobalSetup]
    public void Encoded() => _bytes = CommandCodec.Encode(_put);

    /// <summary>To bytes.</summary>
    [Benchmark]
    public byte[] Encode() => CommandCodec.Encode(_put);

    /// <summary>From bytes.</summary>
    [Benchmark]
    public Command Decode() => CommandCodec.Decode(_bytes);
}
