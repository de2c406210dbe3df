using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Recovery;

namespace RaftDb.Simulation.Disk;

/// <summary>Finds how far a log says of itself that it was synced, in a way that nothing can take back any more. Rot below that place is told from a torn tail, and that is promised;
/// rot of the last batch together with a power cut that takes the mark behind it looks like a batch that was never finished, and no single log can tell.</summary>
internal sealed class SafeToRot(bool marksStay) : ISegmentVisitor
{
    private BinlogPosition _named;

    /// <summary>The place up to which these segments' bytes may rot.</summary>
    /// <param name="segments">By number, oldest first.</param>
    /// <param name="marksStay">Nothing in this run takes back what was written and not synced, so marks, which are never waited for, stay too.</param>
    public static BinlogPosition Of(IEnumerable<(uint Number, byte[] Bytes)> segments, bool marksStay)
    {
        SafeToRot survey = new(marksStay);
        foreach ((uint number, byte[] bytes) in segments)
        {
            if (SegmentHeader.TryDecode(bytes.AsSpan(0, Math.Min(bytes.Length, SegmentHeader.BlockSize)), out SegmentHeader header, out _))
            {
                new SegmentWalk(new SegmentBytes(bytes), number, header.Incarnation, survey).Run(end: null);
            }
        }

        return survey._named;
    }

    public void Batch(BinlogPosition at, in BatchHeader header, bool intact)
    {
        if (intact && header.Synced > _named && (marksStay || !header.IsMark))
        {
            _named = header.Synced;
        }
    }

    public void Record(BinlogPosition at, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
    }

    public void DamagedRecord(BinlogPosition at, in RecordHeader header)
    {
    }

    public void Hidden(BinlogPosition from, uint to, bool batchHeaderOnly)
    {
    }
}
