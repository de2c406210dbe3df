using RaftDb.Raft;
using RaftDb.Raft.Log;

namespace RaftDb.Server.Transport.Wire;

/// <summary>The bytes of consecutive entries: their count, the sum of their data's lengths, and for each kind, term, length, data.
/// Indexes follow from the entry before them.</summary>
internal static class EntriesCodec
{
    private const int MinEntryBytes = 3;

    public static void Encode(WireWriter writer, LogIndex previous, IReadOnlyList<Entry> entries)
    {
        long bytes = 0;
        for (var i = 0; i < entries.Count; i++)
        {
            bytes += entries[i].Data.Length;
        }

        writer.Varint((ulong)entries.Count);
        writer.Varint((ulong)bytes);
        for (var i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            Check.That(
                entry.Index.Value == previous.Value + 1 + (ulong)i,
                $"entry {i} after {previous} has index {entry.Index}");
            writer.Byte((byte)entry.Kind);
            writer.Varint(entry.Term.Value);
            writer.Bytes(entry.Data.Span);
        }
    }

    /// <summary>The entries; their data is copied into one array, which lives as long as any of them.</summary>
    public static IReadOnlyList<Entry> Decode(ref WireReader reader, LogIndex previous)
    {
        var count = reader.Count(MinEntryBytes);
        var bytes = reader.Count(bytesPerItem: 1);
        if (count == 0)
        {
            WireReader.Require(bytes == 0, "no entries, yet data");
            return [];
        }

        WireReader.Require(previous.Value <= ulong.MaxValue - (ulong)count, "an index is larger than 64 bits");
        var data = GC.AllocateUninitializedArray<byte>(bytes);
        var entries = new Entry[count];
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var kind = (EntryKind)reader.Byte();
            WireReader.Require(kind <= EntryKind.ConfigurationChange, "an entry is of unknown kind");
            Term term = new(reader.Varint());
            var piece = reader.Bytes();
            WireReader.Require(piece.Length <= bytes - at, "entries hold more data than announced");
            piece.CopyTo(data.AsSpan(at));
            entries[i] = new(term, new(previous.Value + 1 + (ulong)i), kind, data.AsMemory(at, piece.Length));
            at += piece.Length;
        }

        WireReader.Require(at == bytes, "entries hold less data than announced");
        return entries;
    }
}
