using RaftDb.Storage.Binlog.Format;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>Lays out one batch as a list of buffers for a vectored write: headers and small payloads in blocks of its own that are used again, large payloads
/// where they are. Writer thread only.</summary>
internal sealed class BatchBuilder
{
    private const int BlockBytes = 256 << 10;

    /// <summary>Up to here copying costs less than one more buffer in the write.</summary>
    private const int MostCopied = 2048;

    private readonly List<byte[]> _blocks = [];
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private int _block;
    private int _pieceStart;
    private int _used;
    private uint _segment;
    private ulong _incarnation;
    private uint _start;
    private int _body;

    /// <summary>Bytes of records so far.</summary>
    public int BodyLength => _body;

    /// <summary>Bytes of the batch so far, header included.</summary>
    public int Length => RecordHeader.Size + _body;

    public bool IsEmpty => _body == 0;

    /// <summary>Where the next record goes.</summary>
    public BinlogPosition Position => new(_segment, _start + (uint)Length);

    /// <summary>Entries added.</summary>
    public int Entries { get; private set; }

    /// <summary>Starts a batch at a place.</summary>
    public void Begin(uint segment, ulong incarnation, uint offset)
    {
        _segment = segment;
        _incarnation = incarnation;
        _start = offset;
        _body = 0;
        _pieces.Clear();
        _block = 0;
        if (_blocks.Count == 0)
        {
            _blocks.Add(new byte[BlockBytes]);
        }

        _pieceStart = 0;
        _used = RecordHeader.Size;
        Entries = 0;
    }

    public void Add(in RecordHeader header, ReadOnlyMemory<byte> payload)
    {
        int padding = header.TotalSize - RecordHeader.Size - header.Length;
        bool copy = payload.Length <= MostCopied;
        Reserve(RecordHeader.Size + RecordHeader.Alignment + (copy ? payload.Length : 0));
        byte[] block = _blocks[_block];
        header.Write(block.AsSpan(_used), RecordHeader.Seed(_incarnation, Position.Offset), payload.Span);
        _used += RecordHeader.Size;
        if (copy)
        {
            payload.Span.CopyTo(block.AsSpan(_used));
            _used += payload.Length;
        }
        else
        {
            EndPiece();
            _pieces.Add(payload);
        }

        block.AsSpan(_used, padding).Clear();
        _used += padding;
        _body += header.TotalSize;
        Entries += header.Type == RecordType.Entry ? 1 : 0;
    }

    /// <summary>Writes the batch's header and answers the buffers, which stay valid until the next <see cref="Begin"/>.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Finish(in BatchHeader header)
    {
        EndPiece();
        header.ToRecord().Write(_blocks[0], RecordHeader.Seed(_incarnation, _start), []);
        return _pieces;
    }

    private void Reserve(int bytes)
    {
        if (_used + bytes <= _blocks[_block].Length)
        {
            return;
        }

        EndPiece();
        _block++;
        if (_block == _blocks.Count)
        {
            _blocks.Add(new byte[BlockBytes]);
        }

        _pieceStart = _used = 0;
    }

    private void EndPiece()
    {
        if (_used > _pieceStart)
        {
            _pieces.Add(_blocks[_block].AsMemory(_pieceStart, _used - _pieceStart));
            _pieceStart = _used;
        }
    }
}
