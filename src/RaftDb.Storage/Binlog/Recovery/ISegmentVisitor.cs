using RaftDb.Storage.Binlog.Format;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>Is told, in the order of the file, what a walk through a segment meets.</summary>
internal interface ISegmentVisitor
{
    /// <summary>A batch (or a mark); its records follow. Not intact: something inside is damaged.</summary>
    void Batch(BinlogPosition at, in BatchHeader header, bool intact);

    /// <summary>A record whose checksums hold.</summary>
    void Record(BinlogPosition at, in RecordHeader header, ReadOnlySpan<byte> payload);

    /// <summary>A record whose header is whole and whose payload is not.</summary>
    void DamagedRecord(BinlogPosition at, in RecordHeader header);

    /// <summary>Bytes in which nothing can be recognized, with something recognizable (or a known end) after them.
    /// <paramref name="batchHeaderOnly"/>: what is lost is a batch's header and no record.</summary>
    void Hidden(BinlogPosition from, uint to, bool batchHeaderOnly);
}
