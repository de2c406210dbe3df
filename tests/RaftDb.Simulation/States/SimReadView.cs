using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Digests;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Simulation.States;

/// <summary>A view of one version: nothing to hold, nothing to close.</summary>
internal sealed class SimReadView(StateVersion version) : IFrozenView
{
    public LogPosition Applied => version.Meta.Applied;

    public RangeDescriptor Descriptor => version.Meta.Descriptor;

    public bool TryGet(ReadOnlySpan<byte> key, out Row row)
    {
        if (version.Rows.TryGetValue(key.ToArray(), out SimRow? found))
        {
            row = Of(found, keysOnly: false);
            return true;
        }

        row = default;
        return false;
    }

    public ScanPage Scan(in ScanQuery query)
    {
        List<Row> rows = [];
        long bytes = 0;
        IEnumerable<SimRow> all = query.Reverse ? version.Rows.Values.Reverse() : version.Rows.Values;
        foreach (SimRow row in all)
        {
            if (row.Key.AsSpan().SequenceCompareTo(query.Start.Span) < 0 || (query.End is { } end && row.Key.AsSpan().SequenceCompareTo(end.Span) >= 0))
            {
                continue;
            }

            if (rows.Count == query.Limit || (rows.Count > 0 && bytes + row.Key.Length + row.Value.Length > query.MaxBytes))
            {
                return new(rows, true);
            }

            bytes += row.Key.Length + row.Value.Length;
            rows.Add(Of(row, query.KeysOnly));
        }

        return new(rows, false);
    }

    public SliceDigest DigestSlice(SliceQuery query, CancellationToken cancel) => SimDigester.Digest(version, query);

    public StateDigest ComputeDigest(CancellationToken cancel) => new(Applied, version.Hash.ToString("x16"), version.Rows.Count);

    /// <summary>Nobody watches in the simulator.</summary>
    public ChangePage Changes(in ChangeQuery query) => throw new NotSupportedException("The simulator keeps no changes.");

    /// <summary>There is no file that could be damaged.</summary>
    public string? CheckFile() => null;

    public void Dispose()
    {
    }

    private static Row Of(SimRow row, bool keysOnly) => new(row.Key, keysOnly ? default(ReadOnlyMemory<byte>) : row.Value, row.Version, row.Index, row.Expiry);
}
