using System.Text.Json;
using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;

namespace RaftDb.Cli.Commands;

/// <summary>Looks into a node's binlog on disk, without changing it.</summary>
internal static class BinlogFiles
{
    public static async Task<int> DumpAsync(string directory, ulong? range, ulong? from, CancellationToken cancel)
    {
        PosixDisk disk = new(Root(directory, out string log));
        RangeId? ofRange = range is { } id ? new RangeId(id) : null;
        LogIndex? fromIndex = from is { } index ? new LogIndex(index) : null;
        await using StreamWriter lines = new(Console.OpenStandardOutput());
        foreach (BinlogRecordView record in Guarded(() => BinlogInspector.Dump(disk, log, ofRange, fromIndex)))
        {
            cancel.ThrowIfCancellationRequested();
            await lines.WriteLineAsync(JsonSerializer.Serialize(new
            {
                segment = record.Segment,
                offset = record.Offset,
                type = record.Type,
                range = record.Range.Value,
                replica = record.Replica.Value,
                term = record.Term.Value,
                index = record.Index.Value,
                kind = record.Kind?.ToString(),
                vote = record.Vote?.Value,
                bytes = record.Payload.Length,
                payload = Convert.ToBase64String(record.Payload.Span),
                damaged = record.IsDamaged,
            }));
        }

        return 0;
    }

    public static Task<int> VerifyAsync(string directory, bool json)
    {
        PosixDisk disk = new(Root(directory, out string log));
        BinlogVerification result = Guarded(() => BinlogInspector.Verify(disk, log));
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new
            {
                whole = result.IsWhole,
                segments = result.Segments.Select(s => new { number = s.Number, file = s.File, batches = s.Batches, records = s.Records, entries = s.Entries, bytes = s.Bytes }),
                damages = result.Damages,
                torn_tail = result.TornTail,
            }));
        }
        else
        {
            foreach (BinlogSegmentVerification segment in result.Segments)
            {
                Console.Out.WriteLine($"{segment.File}: {segment.Batches} batches, {segment.Records} records, {segment.Entries} entries, {segment.Bytes} bytes");
            }

            if (result.TornTail is { } torn)
            {
                Console.Out.WriteLine(torn);
            }
        }

        return result.IsWhole
            ? Task.FromResult(0)
            : throw new RefusedException($"The binlog is damaged: {string.Join(' ', result.Damages)} Don't start this node on it; rebuild it from the others.");
    }

    /// <summary>A node's data directory or the binlog directory itself.</summary>
    private static string Root(string directory, out string log)
    {
        string full = Path.GetFullPath(directory);
        if (Directory.Exists(Path.Combine(full, "binlog")))
        {
            log = "binlog";
            return full;
        }

        log = Path.GetFileName(full);
        return Path.GetDirectoryName(full)!;
    }

    private static T Guarded<T>(Func<T> inspect)
    {
        try
        {
            return inspect();
        }
        catch (Exception e) when (e is StorageRefusedException or StorageFailedException or IOException)
        {
            throw new RefusedException(e.Message);
        }
    }
}
