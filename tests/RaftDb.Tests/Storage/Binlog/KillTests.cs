using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Storage.Binlog;

/// <summary>A process that appends to a real disk is killed again and again; whatever it said was acknowledged must be there.</summary>
public class KillTests
{
    private const int Kills = 20;
    private static readonly BinlogIdentity Identity = new(new Guid(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), new NodeId(1), new Guid(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2));

    [Test]
    public void A_writer_that_is_killed_at_random_moments_never_loses_what_it_acknowledged()
    {
        int seed = TestSeed.Draw();
        var dice = new Random(seed);
        string directory = Directory.CreateTempSubdirectory("raftdb-kill-").FullName;
        try
        {
            var acknowledged = new Dictionary<(ulong Range, ulong Index), uint>();
            for (int kill = 0; kill < Kills; kill++)
            {
                int lines = RunAndKill(directory, seed + kill, TimeSpan.FromMilliseconds(dice.Next(5, 250)), acknowledged);
                Assert.That(lines, Is.GreaterThan(0), $"RAFTDB_SEED={seed} kill {kill}: the writer got nowhere");
                Compare(directory, acknowledged, $"RAFTDB_SEED={seed} kill {kill}");
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static int RunAndKill(string directory, int seed, TimeSpan after, Dictionary<(ulong, ulong), uint> acknowledged)
    {
        string configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        string program = Path.GetFullPath(Path.Combine(
            AppContext.BaseDirectory, "../../../..", "RaftDb.BinlogWriter", "bin", configuration, "net10.0", "RaftDb.BinlogWriter.dll"));
        Assert.That(File.Exists(program), Is.True, $"{program} was not built");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, directory, seed.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        int lines = 0;
        using var killer = new ManualResetEventSlim();
        Task? killing = null;
        string? partial = null;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            // The moment of the kill counts from the first acknowledgement: how long a process takes to start says nothing.
            killing ??= Task.Run(() =>
            {
                killer.Wait(after);
                process.Kill();
            });

            // The last line may be cut short; it is complete only if another one follows or it parses whole, and a cut checksum would be a false alarm.
            if (partial is not null)
            {
                string[] parts = partial.Split(' ');
                acknowledged[(ulong.Parse(parts[0], CultureInfo.InvariantCulture), ulong.Parse(parts[1], CultureInfo.InvariantCulture))] =
                    uint.Parse(parts[2], CultureInfo.InvariantCulture);
                lines++;
            }

            partial = line;
        }

        process.WaitForExit();
        killing?.Wait();
        Assert.That(errors.Result, Is.Empty);
        return lines;
    }

    private static void Compare(string directory, Dictionary<(ulong Range, ulong Index), uint> acknowledged, string replay)
    {
        using NodeBinlog log = NodeBinlog.Open(
            new PosixDisk(directory), "binlog", Identity, new BinlogOptions { SegmentBytes = 256 << 10, RetainedEntries = 500 });
        Assert.That(log.Damages, Is.Empty, replay);
        foreach (IGrouping<ulong, KeyValuePair<(ulong Range, ulong Index), uint>> range in acknowledged.GroupBy(a => a.Key.Range))
        {
            RecoveredReplica replica = log.Recovered.Single(r => r.Range.Value == range.Key);
            Assert.That(replica.Suspicion, Is.Null, replay);
            Assert.That(replica.Last.Value, Is.GreaterThanOrEqualTo(range.Max(a => a.Key.Index)), replay);
            var entries = new List<Entry>();
            if (replica.Last > replica.Floor.Index)
            {
                log.Reader(replica.Range).Read(replica.Floor.Index.Next, replica.Last, int.MaxValue, entries);
            }

            foreach (Entry entry in entries)
            {
                if (acknowledged.TryGetValue((range.Key, entry.Index.Value), out uint checksum))
                {
                    Assert.That(ChecksumOf(entry), Is.EqualTo(checksum), $"{replay} range {range.Key} entry {entry.Index}");
                }
            }

            Assert.That(entries.Select(e => e.Index.Value), Is.EqualTo(Enumerable.Range(1, entries.Count).Select(i => replica.Floor.Index.Value + (ulong)i)), replay);
        }
    }

    private static uint ChecksumOf(Entry entry)
    {
        uint checksum = 0;
        foreach (byte b in entry.Data.Span)
        {
            checksum = BitOperations.Crc32C(checksum, b);
        }

        return checksum;
    }
}
