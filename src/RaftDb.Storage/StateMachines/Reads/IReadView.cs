using RaftDb.Raft.Log;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Digests;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>A stable view of a range's state. Not thread-safe; dispose it soon: it holds back checkpoints.</summary>
public interface IReadView : IDisposable
{
    /// <summary>The applied entry that the view shows.</summary>
    LogPosition Applied { get; }

    /// <summary>The descriptor at <see cref="Applied"/>: keys are checked against it when the read is served.</summary>
    RangeDescriptor Descriptor { get; }

    /// <summary>Reads one key; false when it is absent.</summary>
    bool TryGet(ReadOnlySpan<byte> key, out Row row);

    /// <summary>Reads rows in key order.</summary>
    ScanPage Scan(in ScanQuery query);

    /// <summary>Reads what entries changed, in the order of the log.</summary>
    ChangePage Changes(in ChangeQuery query);

    /// <summary>Looks for damage of the file, in whatever way the store has. Reads all of it. Null when there is none.</summary>
    string? CheckFile();
}

/// <summary>A view that shows everything, and can be compared with that of another replica at the same applied index.</summary>
public interface IFrozenView : IReadView
{
    /// <summary>Digests a slice of the rows, bucket by bucket.</summary>
    SliceDigest DigestSlice(SliceQuery query, CancellationToken cancel);

    /// <summary>Digests all of it.</summary>
    StateDigest ComputeDigest(CancellationToken cancel);
}

/// <summary>One key with its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value (empty when only keys were asked for).</param>
/// <param name="Version">1 at creation, +1 per change.</param>
/// <param name="Index">The entry that last changed it.</param>
/// <param name="ExpiresAt">When it expires, in milliseconds of log time; 0 = never.</param>
public readonly record struct Row(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, ulong Version, ulong Index, long ExpiresAt);

/// <summary>What to scan: keys in [Start, End), ascending or descending.</summary>
/// <param name="Start">First key, inclusive; empty = from the beginning.</param>
/// <param name="End">End, exclusive; null = to the end.</param>
/// <param name="Limit">Most rows.</param>
/// <param name="MaxBytes">Most bytes of keys and values; at least one row is returned.</param>
/// <param name="Reverse">From the end downwards.</param>
/// <param name="KeysOnly">Without values.</param>
public readonly record struct ScanQuery(
    ReadOnlyMemory<byte> Start, ReadOnlyMemory<byte>? End, int Limit, long MaxBytes, bool Reverse, bool KeysOnly);

/// <summary>One page; <paramref name="More"/>: the limit was reached and rows may follow the last one.</summary>
public sealed record ScanPage(IReadOnlyList<Row> Rows, bool More);
