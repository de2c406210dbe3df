using System.Buffers;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Segments;

namespace RaftDb.Storage.Binlog.Replicas;

/// <summary>Reads the durable entries of one range from any thread, beside the writer.</summary>
internal sealed class ReplicaLogReader(RangeId range, ReplicaTable replicas, SegmentTable segments) : ILogReader
{
    private const int PositionsAtOnce = 256;
    private const int LeastReadAhead = 4096;
    private const int MostReadAhead = 256 << 10;

    /// <inheritdoc/>
    public void Read(LogIndex from, LogIndex to, int maxBytes, List<Entry> into)
    {
        Check.That(from <= to, $"range {range}: read of entries {from} to {to}.");
        ReplicaLog log = replicas.Find(range) ?? throw new StorageFailedException($"The binlog holds no replica of range {range}.");
        Span<ulong> positions = stackalloc ulong[PositionsAtOnce];
        long bytes = 0;
        using var window = new ReadWindow(segments, range);
        for (LogIndex next = from; next <= to && bytes < maxBytes;)
        {
            int count = (int)Math.Min(to - next + 1, PositionsAtOnce);
            log.CopyPositions(next, positions[..count]);
            for (int i = 0; i < count && bytes < maxBytes; i++)
            {
                int wanted = (int)Math.Clamp(Math.Min(maxBytes - bytes, (long)(to - next + 1) * 4096), LeastReadAhead, MostReadAhead);
                Entry entry = window.Read(log, next, positions[i], wanted);
                into.Add(entry);
                bytes += entry.Size;
                next = next.Next;
            }
        }
    }

    /// <summary>Bytes read ahead from one segment: entries that follow each other are mostly neighbours on the disk.</summary>
    private sealed class ReadWindow(SegmentTable segments, RangeId range) : IDisposable
    {
        private byte[] _buffer = ArrayPool<byte>.Shared.Rent(LeastReadAhead);
        private Segment? _segment;
        private long _start;
        private int _length;

        public Entry Read(ReplicaLog log, LogIndex index, ulong packed, int readAhead)
        {
            while (true)
            {
                if (packed == 0)
                {
                    throw new StorageFailedException($"The binlog has lost entry {index} of range {range}.");
                }

                BinlogPosition position = BinlogPosition.Unpack(packed);
                if (MoveTo(position.Segment))
                {
                    return ReadAt(index, position, readAhead);
                }

                packed = log.PositionOf(index); // It was relocated, and its old segment is gone.
            }
        }

        public void Dispose()
        {
            _segment?.Release();
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        private bool MoveTo(uint number)
        {
            if (_segment?.Number == number)
            {
                return true;
            }

            Segment? found = segments.Find(number);
            if (found is null || !found.TryAcquire())
            {
                return false;
            }

            _segment?.Release();
            _segment = found;
            _length = 0;
            return true;
        }

        private Entry ReadAt(LogIndex index, BinlogPosition position, int readAhead)
        {
            Segment segment = _segment!;
            ReadOnlySpan<byte> at = Bytes(position.Offset, RecordHeader.Size, readAhead);
            // The header tells the length, and is checked with it once all of the record is here.
            int length = at.Length < RecordHeader.Size ? -1 : (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(at);
            if (length >= 0 && length <= segment.Capacity - position.Offset - RecordHeader.Size)
            {
                at = Bytes(position.Offset, RecordHeader.Size + length, readAhead);
            }

            if (!RecordHeader.TryRead(at, segment.Incarnation, position.Offset, out RecordHeader header) ||
                !header.PayloadIsValid(at) ||
                header.Type is not (RecordType.Entry or RecordType.RelocatedEntry) ||
                header.Range != range.Value || header.Index != index.Value)
            {
                throw new StorageFailedException(
                    $"Entry {index} of range {range} can't be read back from {segment.Path} at offset {position.Offset}: the record there is damaged.");
            }

            byte[] data = at.Slice(RecordHeader.Size, header.Length).ToArray();
            return new Entry(new Term(header.Term), index, (EntryKind)header.Kind, data);
        }

        private ReadOnlySpan<byte> Bytes(uint offset, int count, int readAhead)
        {
            if (offset < _start || offset + count > _start + _length)
            {
                Fill(offset, Math.Max(count, readAhead));
            }

            int at = (int)(offset - _start);
            return _buffer.AsSpan(at, Math.Min(count, _length - at));
        }

        private void Fill(uint offset, int count)
        {
            if (_buffer.Length < count)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(count);
            }

            _start = offset;
            try
            {
                _length = _segment!.File.Read(_buffer.AsSpan(0, Math.Min(_buffer.Length, Math.Max(count, LeastReadAhead))), offset);
            }
            catch (IOException e)
            {
                throw new StorageFailedException($"The binlog can't be read: {e.Message}", e);
            }
        }
    }
}
