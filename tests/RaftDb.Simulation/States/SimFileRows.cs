using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Memory;

namespace RaftDb.Simulation.States;

/// <summary>The rows of a version, as the product's layers find them in a file.</summary>
internal sealed class SimFileRows : IFileRows
{
    /// <summary>What is in the file.</summary>
    public required StateVersion Version { get; set; }

    public RowFacts Find(ReadOnlySpan<byte> key) => Version.Rows.GetValueOrDefault(key.ToArray())?.Facts ?? RowFacts.Absent;

    public byte[]? Value(ReadOnlySpan<byte> key) => Version.Rows.GetValueOrDefault(key.ToArray())?.Value;

    public RowCursor Between(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        byte[] first = start.ToArray();
        byte[]? last = end.IsEmpty ? null : end.ToArray();
        return new SimRowCursor(Version.Rows.Values
            .SkipWhile(r => r.Key.AsSpan().SequenceCompareTo(first) < 0)
            .TakeWhile(r => last is null || r.Key.AsSpan().SequenceCompareTo(last) < 0));
    }

    public IEnumerable<(long Expiry, byte[] Key)> Expiring((long Expiry, byte[] Key) first) => Version.ByExpiry
        .SkipWhile(r => r.Expiry < first.Expiry || (r.Expiry == first.Expiry && r.Key.AsSpan().SequenceCompareTo(first.Key) < 0))
        .Select(r => (r.Expiry, r.Key));

    private sealed class SimRowCursor(IEnumerable<SimRow> rows) : RowCursor
    {
        private readonly IEnumerator<SimRow> _rows = rows.GetEnumerator();

        public override ReadOnlySpan<byte> Key => _rows.Current.Key;

        public override RowFacts Facts => _rows.Current.Facts;

        public override ReadOnlySpan<byte> Value => _rows.Current.Value;

        public override bool MoveNext() => _rows.MoveNext();

        public override void Dispose() => _rows.Dispose();
    }
}
