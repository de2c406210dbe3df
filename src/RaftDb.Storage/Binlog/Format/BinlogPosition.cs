namespace RaftDb.Storage.Binlog.Format;

/// <summary>A place in the binlog: a segment's number and an offset in its file.</summary>
internal readonly record struct BinlogPosition(uint Segment, uint Offset) : IComparable<BinlogPosition>
{
    /// <summary>Both in one number, in the same order; 0 is no place at all, as segments count from 1.</summary>
    public ulong Packed => ((ulong)Segment << 32) | Offset;

    public static BinlogPosition Unpack(ulong packed) => new((uint)(packed >> 32), (uint)packed);

    public int CompareTo(BinlogPosition other) => Packed.CompareTo(other.Packed);

    public static bool operator <(BinlogPosition a, BinlogPosition b) => a.Packed < b.Packed;

    public static bool operator >(BinlogPosition a, BinlogPosition b) => a.Packed > b.Packed;

    public static bool operator <=(BinlogPosition a, BinlogPosition b) => a.Packed <= b.Packed;

    public static bool operator >=(BinlogPosition a, BinlogPosition b) => a.Packed >= b.Packed;

    public override string ToString() => $"segment {Segment} offset {Offset}";
}
