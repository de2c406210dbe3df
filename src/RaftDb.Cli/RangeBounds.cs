using RaftDb.Client.Protocol;

namespace RaftDb.Cli;

/// <summary>Which keys a range holds.</summary>
internal static class RangeBounds
{
    /// <summary>The meta range holds no user keys, whatever bounds it shows.</summary>
    public static bool Holds(this RangeStatus range, ReadOnlySpan<byte> key) =>
        range.Kind != "meta"
        && (range.Start is not { } start || key.SequenceCompareTo(start.Bytes.Span) >= 0)
        && (range.End is not { } end || key.SequenceCompareTo(end.Bytes.Span) < 0);
}
