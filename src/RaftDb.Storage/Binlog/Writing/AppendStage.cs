using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>What the writer does with an append: judge it, lay out its records, and, once they are durable, make them known.</summary>
internal static class AppendStage
{
    /// <summary>What to do with an append.</summary>
    public enum Judgement
    {
        Write,
        Conflict,
        Refuse,
    }

    /// <summary>Judges a write by what will be there after the jobs already in the batch.</summary>
    public static Judgement Judge(BinlogWrite write, ReplicaTable replicas)
    {
        if (replicas.Find(write.Range) is not { } log || log.Replica != write.Replica)
        {
            return Judgement.Refuse;
        }

        if (log.Refused.IsOutOfTurn(write.Order) && !Mutants.RefusedWritesOvertaken)
        {
            return Judgement.Refuse;
        }

        if (log.StagedJobs == 0)
        {
            log.StagedLast = log.Last;
            log.StagedHardState = log.HardState;
        }

        write.Log = log;
        write.Cut = null;
        if (write.Entries.Count == 0)
        {
            return Judgement.Write;
        }

        LogIndex first = write.Entries[0].Index;
        if (first > log.StagedLast.Index.Next)
        {
            Check.That(log.HasRefused, $"range {write.Range}: entries from {first} would leave a gap behind {log.StagedLast.Index}.");
            return Judgement.Refuse;
        }

        if (first <= log.StagedLast.Index)
        {
            if (log.StagedJobs > 0)
            {
                return Judgement.Conflict; // The cut needs the terms of entries that are not known yet.
            }

            Check.That(first > log.Floor.Index, $"range {write.Range}: entry {first} would overwrite what is compacted up to {log.Floor.Index}.");
            write.Cut = new LogPosition(first.Previous, log.TermOf(first.Previous));
        }

        return Judgement.Write;
    }

    /// <summary>Adds the records; answers whether they change term or vote.</summary>
    public static bool Encode(BinlogWrite write, BatchBuilder batch)
    {
        ReplicaLog log = write.Log!;
        log.Refused.Taken(write.Order);
        write.Place = batch.Position;
        LogPosition last = write.Cut ?? log.StagedLast;
        if (write.Cut is { } cut && !Mutants.TruncationNotRecorded)
        {
            batch.Add(Header(RecordType.Truncate, log, cut, 0, 0, 0), default);
        }

        for (int i = 0; i < write.Entries.Count; i++)
        {
            Entry entry = write.Entries[i];
            Check.That(entry.Index == last.Index.Next, $"range {write.Range}: entry {entry.Index} after {last.Index}.");
            Check.That(entry.Term >= last.Term, $"range {write.Range}: entry {entry.Index} of term {entry.Term} after term {last.Term}.");
            var position = new LogPosition(entry.Index, entry.Term);
            ushort step = RecordHeader.StepOf(entry.Term.Value, last.Term.Value);
            batch.Add(Header(RecordType.Entry, log, position, (byte)entry.Kind, step, entry.Data.Length), entry.Data);
            last = position;
        }

        log.StagedLast = last;
        bool votes = false;
        if (write.HardState is { } hard)
        {
            votes = hard.Term != log.StagedHardState.Term || hard.Vote != log.StagedHardState.Vote;
            hard = hard with { Commit = LogIndex.Max(hard.Commit, log.StagedHardState.Commit) };
            log.StagedHardState = hard;
            var payload = new byte[HardStatePayload.Size];
            new HardStatePayload(hard.Vote, last).Write(payload);
            batch.Add(Header(RecordType.HardState, log, new LogPosition(hard.Commit, hard.Term), 0, 0, payload.Length), payload);
        }

        return votes;
    }

    /// <summary>The write is on the disk: its entries can be found from now on.</summary>
    public static void Publish(BinlogWrite write)
    {
        ReplicaLog log = write.Log!;
        uint offset = write.Place.Offset;
        if (write.Cut is { } cut)
        {
            log.Truncate(cut);
            offset += Mutants.TruncationNotRecorded ? 0 : (uint)RecordHeader.Size;
        }

        for (int i = 0; i < write.Entries.Count; i++)
        {
            Entry entry = write.Entries[i];
            int size = RecordHeader.SizeFor(entry.Data.Length);
            log.Append(new LogPosition(entry.Index, entry.Term), new BinlogPosition(write.Place.Segment, offset), size);
            offset += (uint)size;
        }

        if (write.HardState is { } hard)
        {
            log.SetHardState(hard, write.Place.Segment);
        }

        if (write.Entries.Count > 0)
        {
            log.HasRefused = false;
        }

    }

    private static RecordHeader Header(RecordType type, ReplicaLog log, LogPosition at, byte kind, ushort step, int length) =>
        new(type, kind, step, length, log.Range.Value, log.Replica.Value, at.Term.Value, at.Index.Value);
}
