using RaftDb.Raft;
using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Recovery;
using RaftDb.Storage.Binlog.Segments;
using RaftDb.Storage.Disk;

namespace RaftDb.Storage.Binlog;

/// <summary>Looks into the binlog of a stopped or a running node without changing anything. Of a running node's log the end may be in the middle of a write.</summary>
public static class BinlogInspector
{
    /// <summary>Every record in the order of the log; with <paramref name="range"/> only that range's, with <paramref name="from"/> only those of an index not below it.
    /// Throws <see cref="StorageRefusedException"/> where there is no binlog, and <see cref="StorageFailedException"/> for a disk that fails.</summary>
    public static IEnumerable<BinlogRecordView> Dump(IDisk disk, string directory, RangeId? range = null, LogIndex? from = null)
    {
        List<uint> numbers = Numbers(disk, directory);
        for (int i = 0; i < numbers.Count; i++)
        {
            var collector = new RecordCollector(range, from, keep: true);
            Walk(disk, directory, numbers, i, collector);
            foreach (BinlogRecordView view in collector.Views)
            {
                yield return view;
            }
        }
    }

    /// <summary>Checks every record.</summary>
    public static BinlogVerification Verify(IDisk disk, string directory)
    {
        List<uint> numbers = Numbers(disk, directory);
        var segments = new List<BinlogSegmentVerification>();
        var damages = new List<string>();
        string? torn = null;
        for (int i = 0; i < numbers.Count; i++)
        {
            var collector = new RecordCollector(null, null, keep: false);
            if (i > 0 && numbers[i] != numbers[i - 1] + 1)
            {
                damages.Add($"Segments {numbers[i - 1] + 1} to {numbers[i] - 1} are missing.");
            }

            (uint end, string? headerDamage, uint trace) = Walk(disk, directory, numbers, i, collector);
            if (headerDamage is not null)
            {
                damages.Add(headerDamage);
            }

            damages.AddRange(collector.Damages);
            segments.Add(new BinlogSegmentVerification(
                numbers[i], SegmentFiles.NameOf(numbers[i]), collector.Batches, collector.Records, collector.Entries, end));
            if (trace > 0)
            {
                torn = $"A write that was cut short follows {new BinlogPosition(numbers[i], end)}; it was never acknowledged.";
            }
        }

        return new BinlogVerification(segments, damages, torn);
    }

    private static List<uint> Numbers(IDisk disk, string directory)
    {
        var numbers = new List<uint>();
        foreach (string name in Guard(directory, () => disk.List(directory)))
        {
            if (SegmentFiles.TryParse(name, out uint number))
            {
                numbers.Add(number);
            }
        }

        numbers.Sort();
        return numbers.Count > 0
            ? numbers
            : throw new StorageRefusedException($"There is no binlog in {(directory.Length == 0 ? "this directory" : directory)}: no file is called {SegmentFiles.NameOf(1)} or the like.");
    }

    /// <summary>Walks one segment up to where its records end; answers that end, what is wrong with the header, and where traces of a torn batch behind the end stop (0 = none).</summary>
    private static (uint End, string? Damage, uint Trace) Walk(IDisk disk, string directory, List<uint> numbers, int at, RecordCollector collector) =>
        Guard(directory, () =>
        {
            uint number = numbers[at];
            string path = directory.Length == 0 ? SegmentFiles.NameOf(number) : directory + "/" + SegmentFiles.NameOf(number);
            BinlogIdentity identity = IdentityOf(disk, directory, numbers);
            SegmentSource source = SegmentSource.Open(disk, path, number, identity, 0);
            byte[] memory = [];
            SegmentBytes bytes = source.Bytes(ref memory);
            uint? known = at + 1 < numbers.Count && numbers[at + 1] == number + 1 ? EndNamedBy(disk, directory, numbers[at + 1], identity) : null;
            uint trace = 0;
            if (known is null)
            {
                var survey = new TailSurvey();
                uint walked = new SegmentWalk(bytes, number, source.Header.Incarnation, survey).Run(end: null);
                known = survey.FindEnd(number, walked);
                trace = survey.TornBytesBehind(known.Value) ? survey.LastTrace : 0;
            }

            uint end = new SegmentWalk(bytes, number, source.Header.Incarnation, collector).Run(known);
            source.File.Dispose();
            return (end, source.Damage, trace);
        });

    private static uint? EndNamedBy(IDisk disk, string directory, uint next, in BinlogIdentity identity)
    {
        string path = directory.Length == 0 ? SegmentFiles.NameOf(next) : directory + "/" + SegmentFiles.NameOf(next);
        SegmentSource source = SegmentSource.Open(disk, path, next, identity, 0);
        uint? end = source.EndOfSegmentBefore();
        source.File.Dispose();
        return end;
    }

    /// <summary>Whose log it is, from the first header that can be read.</summary>
    private static BinlogIdentity IdentityOf(IDisk disk, string directory, List<uint> numbers)
    {
        var block = new byte[SegmentHeader.BlockSize];
        foreach (uint number in numbers)
        {
            string path = directory.Length == 0 ? SegmentFiles.NameOf(number) : directory + "/" + SegmentFiles.NameOf(number);
            using IDiskFile file = disk.Open(path, create: false);
            if (SegmentHeader.TryDecode(block.AsSpan(0, file.Read(block, 0)), out SegmentHeader header, out _))
            {
                return header.Identity;
            }
        }

        throw new StorageRefusedException($"No segment in {directory} has a readable header: it can't be told whose log this is.");
    }

    private static T Guard<T>(string directory, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (IOException e)
        {
            throw new StorageFailedException($"The binlog in {directory} can't be read: {e.Message}", e);
        }
    }
}
