using RaftDb.Storage.Binlog.Format;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>Walks through the bytes of one segment, from batch to batch; behind damage it goes on at the next place, of those where a record can start, at which the
/// checksum of a header holds. That checksum is seeded with the place itself, so user data can't pose as a record.</summary>
internal readonly struct SegmentWalk(SegmentBytes bytes, uint segment, ulong incarnation, ISegmentVisitor visitor)
{
    /// <summary>Walks up to <paramref name="end"/>, where records are known to end, or, when that is null, to the last thing that can be recognized. Answers where
    /// the records end.</summary>
    public uint Run(uint? end)
    {
        uint limit = Math.Min(end ?? uint.MaxValue, bytes.Length);
        uint at = SegmentHeader.BlockSize;
        bool afterBatch = true;
        while (at + RecordHeader.Size <= limit)
        {
            if (TryRead(at, limit, out RecordHeader header))
            {
                if (header.Type != RecordType.Batch)
                {
                    Visit(at, header);
                    at += (uint)header.TotalSize;
                    afterBatch = false;
                    continue;
                }

                BatchHeader batch = BatchHeader.From(header);
                if (!batch.IsMark)
                {
                    at = VisitBatch(at, batch);
                    afterBatch = true;
                    continue;
                }

                visitor.Batch(new BinlogPosition(segment, at), batch, intact: true);
            }

            if (FindNext(at + RecordHeader.Alignment, limit, recordsOnly: false) is not { } next)
            {
                break;
            }

            bool headerOnly = afterBatch && next == at + RecordHeader.Size && TryRead(next, limit, out RecordHeader found) && found.Type != RecordType.Batch;
            visitor.Hidden(new BinlogPosition(segment, at), next, headerOnly);
            at = next;
        }

        if (end is { } known && at < known)
        {
            visitor.Hidden(new BinlogPosition(segment, at), known, batchHeaderOnly: false);
            return known;
        }

        return at;
    }

    private uint VisitBatch(uint start, in BatchHeader batch)
    {
        uint at = start + RecordHeader.Size;
        uint end = at + (uint)batch.BodyLength;
        ReadOnlySpan<byte> body = bytes.Read(at, batch.BodyLength);
        bool intact = IsIntact(body, at);
        visitor.Batch(new BinlogPosition(segment, start), batch, intact);
        if (intact)
        {
            VisitIntact(body, at);
            return end;
        }

        while (at < end)
        {
            if (TryRead(at, end, out RecordHeader header) && header.Type != RecordType.Batch && at + header.TotalSize <= end)
            {
                Visit(at, header);
                at += (uint)header.TotalSize;
                continue;
            }

            uint next = FindNext(at + RecordHeader.Alignment, end, recordsOnly: true) ?? end;
            visitor.Hidden(new BinlogPosition(segment, at), next, batchHeaderOnly: false);
            at = next;
        }

        return end;
    }

    private bool IsIntact(ReadOnlySpan<byte> body, uint start)
    {
        int at = 0;
        while (at < body.Length)
        {
            ReadOnlySpan<byte> record = body[at..];
            if (!RecordHeader.TryRead(record, incarnation, start + (uint)at, out RecordHeader header) || header.Type == RecordType.Batch ||
                header.TotalSize > record.Length || !header.PayloadIsValid(record))
            {
                return false;
            }

            at += header.TotalSize;
        }

        return true;
    }

    /// <summary>What has just been checked as a whole is not checked again.</summary>
    private void VisitIntact(ReadOnlySpan<byte> body, uint start)
    {
        int at = 0;
        while (at < body.Length)
        {
            RecordHeader header = RecordHeader.Decode(body[at..]);
            visitor.Record(new BinlogPosition(segment, start + (uint)at), header, body.Slice(at + RecordHeader.Size, header.Length));
            at += header.TotalSize;
        }
    }

    private void Visit(uint at, in RecordHeader header)
    {
        var position = new BinlogPosition(segment, at);
        ReadOnlySpan<byte> record = bytes.Read(at, RecordHeader.Size + header.Length);
        if (header.PayloadIsValid(record))
        {
            visitor.Record(position, header, record.Slice(RecordHeader.Size, header.Length));
        }
        else
        {
            visitor.DamagedRecord(position, header);
        }
    }

    private uint? FindNext(uint at, uint limit, bool recordsOnly)
    {
        while (at + RecordHeader.Size <= limit)
        {
            // Most of what lies behind the end of a log is zeros.
            ReadOnlySpan<byte> ahead = bytes.Ahead(at, limit);
            int zeros = ahead.IndexOfAnyExcept((byte)0);
            if (zeros < 0)
            {
                at += (uint)ahead.Length;
                continue;
            }

            at += (uint)zeros & ~(uint)(RecordHeader.Alignment - 1);
            if (TryRead(at, limit, out RecordHeader header) && !(recordsOnly && header.Type == RecordType.Batch))
            {
                return at;
            }

            at += RecordHeader.Alignment;
        }

        return null;
    }

    private bool TryRead(uint at, uint limit, out RecordHeader header)
    {
        header = default;
        return at + RecordHeader.Size <= limit && RecordHeader.TryReadHeaderOnly(bytes.Read(at, RecordHeader.Size), incarnation, at, out header) &&
            header.Length <= limit - at - RecordHeader.Size;
    }
}
