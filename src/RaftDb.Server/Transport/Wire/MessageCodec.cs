using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Wire;

/// <summary>The bytes of Raft messages: kind, range, sender, receiver, term, then what the kind has, in the order of its record;
/// booleans are bits of one byte of flags, which comes first.</summary>
internal static class MessageCodec
{
    private const byte VoteRequestKind = 1;
    private const byte VoteResponseKind = 2;
    private const byte AppendEntriesKind = 3;
    private const byte AppendEntriesResponseKind = 4;
    private const byte HeartbeatKind = 5;
    private const byte HeartbeatResponseKind = 6;
    private const byte InstallSnapshotKind = 7;
    private const byte TimeoutNowKind = 8;
    private const byte ReadIndexRequestKind = 9;
    private const byte ReadIndexResponseKind = 10;

    /// <summary>The fewest bytes of any message.</summary>
    public const int MinBytes = 5;

    /// <summary>About how many bytes a message takes: for bounds, never too few by more than a small factor.</summary>
    public static int Estimate(Message message)
    {
        const int fixedPart = 64;
        if (message is not AppendEntries append)
        {
            return fixedPart;
        }

        long size = fixedPart;
        for (var i = 0; i < append.Entries.Count; i++)
        {
            size += append.Entries[i].Size;
        }

        return (int)Math.Min(size, int.MaxValue);
    }

    public static void Encode(WireWriter writer, RangeMessage item)
    {
        switch (item.Message)
        {
            case AppendEntries m:
                Begin(writer, AppendEntriesKind, item, Flag(m.ReportApplied, 0));
                Position(writer, m.Previous);
                writer.Varint(m.Commit.Value);
                EntriesCodec.Encode(writer, m.Previous.Index, m.Entries);
                break;
            case AppendEntriesResponse m:
                Begin(writer, AppendEntriesResponseKind, item, Flag(m.Rejected, 0));
                writer.Varint(m.Match.Value);
                Position(writer, m.Hint);
                writer.Varint(m.Applied.Value);
                break;
            case Heartbeat m:
                Begin(writer, HeartbeatKind, item, Flag(m.Quiesce, 0));
                writer.Varint(m.Commit.Value);
                writer.Varint(m.ReadRound);
                break;
            case HeartbeatResponse m:
                Begin(writer, HeartbeatResponseKind, item);
                writer.Varint(m.ReadRound);
                writer.Varint(m.Applied.Value);
                break;
            case VoteRequest m:
                Begin(writer, VoteRequestKind, item, Flag(m.PreVote, 0) | Flag(m.Transfer, 1) | Flag(m.LeaderCrashed, 2));
                Position(writer, m.Last);
                Position(writer, m.Commit);
                break;
            case VoteResponse m:
                Begin(writer, VoteResponseKind, item, Flag(m.PreVote, 0) | Flag(m.Granted, 1));
                Position(writer, m.Commit);
                break;
            case InstallSnapshot m:
                Begin(writer, InstallSnapshotKind, item);
                SnapshotCodec.EncodeMetadata(writer, m.Snapshot);
                break;
            case TimeoutNow:
                Begin(writer, TimeoutNowKind, item);
                break;
            case ReadIndexRequest m:
                Begin(writer, ReadIndexRequestKind, item);
                writer.Varint(m.Context);
                break;
            case ReadIndexResponse m:
                Begin(writer, ReadIndexResponseKind, item, Flag(m.Refused, 0));
                writer.Varint(m.Context);
                writer.Varint(m.Index.Value);
                break;
            default:
                Check.That(false, $"a message of type {item.Message.GetType().Name} has no wire format");
                break;
        }
    }

    /// <summary>The next message. Entries are copied out of the frame.</summary>
    public static RangeMessage Decode(ref WireReader reader)
    {
        var kind = reader.Byte();
        RangeId range = new(reader.Varint());
        ReplicaId from = new(reader.Varint());
        ReplicaId to = new(reader.Varint());
        Term term = new(reader.Varint());
        return new(range, DecodeBody(ref reader, kind, from, to, term));
    }

    /// <summary>Writes an entry's name.</summary>
    public static void Position(WireWriter writer, LogPosition position)
    {
        writer.Varint(position.Index.Value);
        writer.Varint(position.Term.Value);
    }

    /// <summary>Reads an entry's name.</summary>
    public static LogPosition Position(ref WireReader reader)
    {
        var index = reader.Varint();
        return new(new(index), new(reader.Varint()));
    }

    private static Message DecodeBody(ref WireReader reader, byte kind, ReplicaId from, ReplicaId to, Term term)
    {
        switch (kind)
        {
            case AppendEntriesKind:
                {
                    var flags = reader.Flags(1);
                    var previous = Position(ref reader);
                    LogIndex commit = new(reader.Varint());
                    var entries = EntriesCodec.Decode(ref reader, previous.Index);
                    return new AppendEntries(from, to, term, previous, entries, commit, Has(flags, 0));
                }

            case AppendEntriesResponseKind:
                {
                    var flags = reader.Flags(1);
                    LogIndex match = new(reader.Varint());
                    var hint = Position(ref reader);
                    return new AppendEntriesResponse(from, to, term, Has(flags, 0), match, hint, new(reader.Varint()));
                }

            case HeartbeatKind:
                {
                    var flags = reader.Flags(1);
                    LogIndex commit = new(reader.Varint());
                    return new Heartbeat(from, to, term, commit, reader.Varint(), Has(flags, 0));
                }

            case HeartbeatResponseKind:
                {
                    var round = reader.Varint();
                    return new HeartbeatResponse(from, to, term, round, new(reader.Varint()));
                }

            case VoteRequestKind:
                {
                    var flags = reader.Flags(3);
                    var last = Position(ref reader);
                    return new VoteRequest(from, to, term, last, Has(flags, 0), Has(flags, 1), Has(flags, 2))
                    {
                        Commit = Position(ref reader),
                    };
                }

            case VoteResponseKind:
                {
                    var flags = reader.Flags(2);
                    return new VoteResponse(from, to, term, Has(flags, 0), Has(flags, 1)) { Commit = Position(ref reader) };
                }

            case InstallSnapshotKind:
                return new InstallSnapshot(from, to, term, SnapshotCodec.DecodeMetadata(ref reader));
            case TimeoutNowKind:
                return new TimeoutNow(from, to, term);
            case ReadIndexRequestKind:
                return new ReadIndexRequest(from, to, term, reader.Varint());
            case ReadIndexResponseKind:
                {
                    var flags = reader.Flags(1);
                    var context = reader.Varint();
                    return new ReadIndexResponse(from, to, term, context, new(reader.Varint()), Has(flags, 0));
                }

            default:
                throw new ProtocolViolationException($"Malformed frame: a Raft message of unknown kind {kind}.");
        }
    }

    private static void Begin(WireWriter writer, byte kind, RangeMessage item)
    {
        writer.Byte(kind);
        writer.Varint(item.Range.Value);
        writer.Varint(item.Message.From.Value);
        writer.Varint(item.Message.To.Value);
        writer.Varint(item.Message.Term.Value);
    }

    private static void Begin(WireWriter writer, byte kind, RangeMessage item, int flags)
    {
        Begin(writer, kind, item);
        writer.Byte((byte)flags);
    }

    private static int Flag(bool set, int bit) => set ? 1 << bit : 0;

    private static bool Has(byte flags, int bit) => (flags >> bit & 1) != 0;
}
