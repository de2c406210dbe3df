using RaftDb.Raft;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>The bytes of a segment, as a walk goes forward through them: read a piece at a time into memory that stays in the processor's cache, so that checking them costs little more than
/// reading. One thread; what is handed out is good until the next call.</summary>
internal sealed class SegmentBytes
{
    /// <summary>Read at once. A longer batch makes the piece a multiple of it, so that what is at hand always ends where a record can start.</summary>
    public const int PieceBytes = 1 << 20;

    private readonly IDiskFile? _file;
    private byte[] _piece;
    private uint _start;
    private int _filled;

    /// <summary>Of a file, up to <paramref name="length"/>. <paramref name="memory"/> is where pieces are read to.</summary>
    public SegmentBytes(IDiskFile file, uint length, ref byte[] memory)
    {
        if (memory.Length < PieceBytes)
        {
            memory = GC.AllocateUninitializedArray<byte>(PieceBytes);
        }

        _file = file;
        _piece = memory;
        Length = length;
    }

    /// <summary>Of a whole segment that is in memory.</summary>
    public SegmentBytes(byte[] whole)
    {
        _piece = whole;
        _filled = whole.Length;
        Length = (uint)whole.Length;
    }

    /// <summary>How many there are.</summary>
    public uint Length { get; }

    /// <summary>Just these.</summary>
    public ReadOnlySpan<byte> Read(uint at, int count)
    {
        if (at < _start || at + (long)count > _start + (long)_filled)
        {
            Fetch(at, count);
        }

        return _piece.AsSpan((int)(at - _start), count);
    }

    /// <summary>Those from a place on that are at hand, at least one, at most up to <paramref name="limit"/>. From where a record can start they end at the limit or where one can.</summary>
    public ReadOnlySpan<byte> Ahead(uint at, uint limit)
    {
        if (at < _start || at >= _start + (long)_filled)
        {
            Fetch(at, 1);
        }

        return _piece.AsSpan((int)(at - _start), (int)Math.Min(limit - at, _start + (uint)_filled - at));
    }

    private void Fetch(uint at, int count)
    {
        Check.That(_file is not null && at + (long)count <= Length, $"bytes {at} to {at + (long)count} of a segment of {Length}.");
        byte[] piece = _piece.Length < count ? GC.AllocateUninitializedArray<byte>(checked((count + PieceBytes - 1) / PieceBytes * PieceBytes)) : _piece;
        int wanted = (int)Math.Min(piece.Length, Length - at);
        int kept = at >= _start && at - _start < _filled ? (int)(_filled - (at - _start)) : 0;
        _piece.AsSpan((int)(kept > 0 ? at - _start : 0), kept).CopyTo(piece);
        int read = _file.Read(piece.AsSpan(kept, wanted - kept), at + kept);

        // Of a file that became shorter meanwhile nothing is recognized where it was.
        piece.AsSpan(kept + read, wanted - kept - read).Clear();
        (_piece, _start, _filled) = (piece, at, wanted);
    }
}
