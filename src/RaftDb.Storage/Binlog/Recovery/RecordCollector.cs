using System.Text;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>Counts and keeps what a walk through one segment meets, for the inspector.</summary>
internal sealed class RecordCollector(RangeId? range, LogIndex? from, bool keep) : ISegmentVisitor
{
    public List<BinlogRecordView> Views { get; } = [];

    public List<string> Damages { get; } = [];

    public long Batches { get; private set; }

    public long Records { get; private set; }

    public long Entries { get; private set; }

    public void Batch(BinlogPosition at, in BatchHeader header, bool intact)
    {
        if (!header.IsMark)
        {
            Batches++;
        }

        if (keep && range is null && from is null)
        {
            Views.Add(new BinlogRecordView(
                at.Segment, at.Offset, header.IsMark ? "mark" : "batch", default, default, default, new LogIndex(header.Sequence), null, null, default, !intact));
        }
    }

    public void Record(BinlogPosition at, in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        Records++;
        Entries += IsEntry(header) ? 1 : 0;
        Keep(at, header, payload, isDamaged: false);
    }

    public void DamagedRecord(BinlogPosition at, in RecordHeader header)
    {
        Damages.Add($"The payload of a record ({NameOf(header.Type)}, range {header.Range}, term {header.Term}, index {header.Index}) at {at} is damaged.");
        Keep(at, header, [], isDamaged: true);
    }

    public void Hidden(BinlogPosition from, uint to, bool batchHeaderOnly) =>
        Damages.Add(batchHeaderOnly
            ? $"The header of a batch at {from} is damaged; no record is lost."
            : $"Nothing can be recognized from {from} to {to}.");

    private static bool IsEntry(in RecordHeader header) => header.Type is RecordType.Entry or RecordType.RelocatedEntry;

    private static string NameOf(RecordType type)
    {
        var name = new StringBuilder();
        foreach (char c in type.ToString())
        {
            if (char.IsUpper(c) && name.Length > 0)
            {
                name.Append('_');
            }

            name.Append(char.ToLowerInvariant(c));
        }

        return name.ToString();
    }

    private void Keep(BinlogPosition at, in RecordHeader header, ReadOnlySpan<byte> payload, bool isDamaged)
    {
        if (!keep || (range is { } wanted && wanted.Value != header.Range) || (from is { } first && header.Index < first.Value))
        {
            return;
        }

        ReplicaId? vote = header.Type == RecordType.HardState && !isDamaged ? HardStatePayload.Read(payload).Vote : null;
        Views.Add(new BinlogRecordView(
            at.Segment, at.Offset, NameOf(header.Type), new RangeId(header.Range), new ReplicaId(header.Replica), new Term(header.Term),
            new LogIndex(header.Index), IsEntry(header) ? (EntryKind)header.Kind : null, vote, payload.ToArray(), isDamaged));
    }
}
