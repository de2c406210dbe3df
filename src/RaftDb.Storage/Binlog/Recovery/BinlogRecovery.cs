using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;
using RaftDb.Storage.Binlog.Segments;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog.Recovery;

/// <summary>Opens a binlog directory: finds the end of the log, replays it, tells a torn tail from corruption, and leaves the last segment so that writing
/// can go on.</summary>
internal sealed class BinlogRecovery(IDisk disk, string directory, BinlogIdentity identity, BinlogOptions options)
{
    private readonly SegmentTable _segments = new();
    private readonly List<string> _obsolete = [];
    private byte[] _memory = [];
    private Segment? _prepared;

    public RecoveredLog Run()
    {
        var replicas = new ReplicaTable(_segments);
        var replay = new Replay(replicas);
        List<SegmentSource> sources = OpenSegments();
        try
        {
            return Run(sources, replicas, replay);
        }
        catch
        {
            foreach (SegmentSource source in sources)
            {
                source.File.Dispose();
            }

            throw;
        }
    }

    private RecoveredLog Run(List<SegmentSource> sources, ReplicaTable replicas, Replay replay)
    {
        // 1. Find the last segment with content, and in it the end of the log.
        uint next = sources.Count == 0 ? 1 : sources[^1].Number + 1;
        Tail? tail = FindTail(sources, ref next);

        // 2. Forget the segments that were given up before the log ended.
        uint first = tail?.FirstSegment ?? (sources.Count == 0 ? next : sources[0].Number);
        foreach (SegmentSource source in sources.Where(s => s.Number < first).ToArray())
        {
            GiveUp(sources, source);
        }

        // 3. Replay the others, oldest first.
        _segments.First = first;
        for (int i = 0; i < sources.Count; i++)
        {
            ReplaySegment(sources, i, first, tail, replay);
        }

        // 4. Make the end of the log durable and clean, so that nothing behind it can ever be taken for a part of it.
        bool closed = tail?.Mark?.Closed ?? tail is null;
        bool mustRoll = tail is null || tail.IsCorrupt;
        if (tail is not null && !closed)
        {
            WriteAgain(tail);
            tail.Source.File.Sync();
            if (!mustRoll)
            {
                Clean(tail, replay.NextSequence, first);
            }
        }

        // 5. Judge every replica.
        Guid boot = options.BootId ?? BootId.Current();
        bool lostCache = !closed && replay.Session.Durability == Durability.Os && replay.Session.Boot != boot;
        List<ReplicaLog> suspect = new Verdict(replay, lostCache).Judge(replicas);
        return new RecoveredLog
        {
            Segments = _segments,
            Replicas = replicas,
            Session = new SessionPayload(replay.Session.Session + 1, options.Durability, boot),
            NextSequence = replay.NextSequence,
            NextSegment = next,
            MustRoll = mustRoll,
            NewlySuspect = suspect,
            Damages = replay.Damages,
            Prepared = _prepared,
            FreeFiles = FindFreeFiles(),
            Obsolete = _obsolete,
        };
    }

    private List<SegmentSource> OpenSegments()
    {
        var sources = new List<SegmentSource>();
        try
        {
            foreach (string name in disk.List(directory))
            {
                if (SegmentFiles.TryParse(name, out uint number))
                {
                    sources.Add(SegmentSource.Open(disk, PathOf(name), number, identity, options.SegmentBytes));
                }
                else if (name.EndsWith(SegmentFiles.UnfinishedExtension, StringComparison.Ordinal))
                {
                    _obsolete.Add(PathOf(name)); // A segment whose making a crash cut short: it never held a record.
                }
            }
        }
        catch
        {
            foreach (SegmentSource source in sources)
            {
                source.File.Dispose();
            }

            throw;
        }

        sources.Sort((a, b) => a.Number.CompareTo(b.Number));
        return sources;
    }

    private Tail? FindTail(List<SegmentSource> sources, ref uint next)
    {
        for (int i = sources.Count - 1; i >= 0; i--)
        {
            SegmentSource source = sources[i];
            var survey = new TailSurvey();
            uint walked = new SegmentWalk(source.Bytes(ref _memory), source.Number, source.Header.Incarnation, survey).Run(end: null);
            uint end = survey.FindEnd(source.Number, walked);
            if (survey.HasContent || source.IsShort || source.HeaderIsLost)
            {
                // A cut file may have lost anything, unless a mark shows that the log ended before the cut.
                bool cut = source.IsShort && survey.MarkAt(end) is null;
                return new Tail(source, end, survey, IsCut: cut || (source.HeaderIsLost && !survey.HasContent));
            }

            if (survey.LastTrace == 0 && source.Damage is null)
            {
                // Made ahead of its time, and still empty.
                if (i == sources.Count - 1 && i > 0 && source.Header.Capacity == options.SegmentBytes)
                {
                    _prepared = source.ToSegment(SegmentHeader.BlockSize);
                    sources.RemoveAt(i);
                    next = source.Number;
                    continue;
                }

                if (i == 0)
                {
                    return new Tail(source, SegmentHeader.BlockSize, survey, IsCut: false);
                }
            }

            // Only the torn beginning of a first batch: nothing of it was acknowledged.
            _prepared?.Release();
            if (_prepared is not null)
            {
                _obsolete.Add(_prepared.Path);
                _prepared = null;
            }

            next = source.Number;
            GiveUp(sources, source);
        }

        return null;
    }

    private void GiveUp(List<SegmentSource> sources, SegmentSource source)
    {
        source.File.Dispose();
        sources.Remove(source);
        _obsolete.Add(source.Path);
    }

    private void ReplaySegment(List<SegmentSource> sources, int at, uint first, Tail? tail, Replay replay)
    {
        SegmentSource source = sources[at];
        uint expected = at == 0 ? first : sources[at - 1].Number + 1;
        if (source.Number > expected)
        {
            replay.Lost($"Segments {expected} to {source.Number - 1} of the binlog are missing.");
        }

        if (source.Damage is { } damage)
        {
            replay.Damages.Add(damage);
        }

        // The batch that opens the next segment names where this one ended.
        bool isTail = source.Number == tail?.Source.Number;
        uint? end = isTail ? tail!.End : at + 1 < sources.Count && sources[at + 1].Number == source.Number + 1 ? sources[at + 1].EndOfSegmentBefore() : null;
        Segment segment = source.ToSegment(SegmentHeader.BlockSize);
        _segments.Add(segment);
        SegmentBytes bytes = source.Bytes(ref _memory);
        segment.End = new SegmentWalk(bytes, source.Number, source.Header.Incarnation, replay).Run(end);
        if (isTail && tail!.IsCut)
        {
            replay.Lost($"The end of {source.Path} ({bytes.Length} bytes) is lost, and nothing shows that its log ended before that.");
        }
    }

    /// <summary>What was not synced may stand in the page cache alone: after a sync that failed the operating system takes such pages for clean, and no later sync writes
    /// them, while reads still show them. Only written again are they certain to reach the disk.</summary>
    private void WriteAgain(Tail tail)
    {
        BinlogPosition synced = tail.Survey.Synced;
        uint from = synced.Segment == tail.Source.Number ? synced.Offset : SegmentHeader.BlockSize;
        for (uint at = from; at < tail.End; at += SegmentBytes.PieceBytes)
        {
            var piece = new byte[Math.Min(SegmentBytes.PieceBytes, tail.End - at)];
            int read = tail.Source.File.Read(piece, at);
            tail.Source.File.Write([piece.AsMemory(0, read)], at);
        }
    }

    /// <summary>What a crash of the process left in the page cache becomes durable before anybody relies on it; traces of a torn batch are wiped out, so that they can't
    /// be met again behind a later batch; a mark covers the last batch.</summary>
    private void Clean(Tail tail, ulong sequence, uint first)
    {
        IDiskFile file = tail.Source.File;
        uint end = tail.End;
        if (end + RecordHeader.Size > tail.Source.Header.Capacity)
        {
            return;
        }

        long length = Math.Max(RecordHeader.Size, (long)tail.Survey.LastTrace - end);
        var wiped = new byte[length];
        var mark = new BatchHeader(sequence, _segments.NameOf(new BinlogPosition(tail.Source.Number, end)), first, 0, Closed: false);
        mark.ToRecord().Write(wiped, RecordHeader.Seed(tail.Source.Header.Incarnation, end), []);
        file.Write([wiped], end);
        file.Sync();
    }

    private List<(string Path, long Capacity)> FindFreeFiles()
    {
        var free = new List<(string, long)>();
        foreach (string name in disk.List(directory).Where(n => n.StartsWith(SegmentFiles.FreePrefix, StringComparison.Ordinal)))
        {
            using IDiskFile file = disk.Open(PathOf(name), create: false);
            if (free.Count < options.RecycledSegments && file.Length == options.SegmentBytes)
            {
                free.Add((PathOf(name), file.Length));
            }
            else
            {
                _obsolete.Add(PathOf(name));
            }
        }

        return free;
    }

    private string PathOf(string name) => directory.Length == 0 ? name : directory + "/" + name;

    /// <summary>The last segment with content, and where its log ends.</summary>
    private sealed record Tail(SegmentSource Source, uint End, TailSurvey Survey, bool IsCut)
    {
        public bool IsCorrupt => IsCut || Survey.IsCorrupt || Source.IsShort || Source.Damage is not null;

        public BatchHeader? Mark => Survey.MarkAt(End);

        public uint? FirstSegment => Survey.FirstSegmentAt(End);
    }
}
