using System.Diagnostics;
using System.Globalization;

namespace RaftDb.Benchmarks.Comparison.Processes;

/// <summary>The block device under a directory, and what reached it. What /proc tells of processes is not it: that counts whole folios of the page cache each time one byte of them gets dirty.</summary>
internal sealed class BlockDevice
{
    private const int SectorBytes = 512;

    /// <summary>Field of /sys/dev/block/M:N/stat (Documentation/block/stat.rst): sectors written.</summary>
    private const int SectorsWritten = 6;

    private readonly string _stat;
    private readonly string _directory;

    private BlockDevice(string stat, string directory) => (_stat, _directory) = (stat, directory);

    /// <summary>The device under a directory; null when there is none to be seen (a file system in memory, an overlay).</summary>
    public static BlockDevice? Under(string directory)
    {
        // The mount point with the longest path that the directory is in (proc(5), mountinfo: the third field is the device, the fifth the place).
        string[]? mount = File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' '))
            .Where(fields => IsIn(directory, fields[4])).MaxBy(fields => fields[4].Length);
        string stat = $"/sys/dev/block/{mount?[2]}/stat";
        return mount is not null && File.Exists(stat) ? new(stat, directory) : null;
    }

    /// <summary>Bytes written to the device so far, by whomever; with <paramref name="all"/> what the file system still holds back is written first.</summary>
    public async Task<long> WrittenAsync(bool all, CancellationToken cancel)
    {
        if (all)
        {
            using Process sync = Process.Start("sync", ["--file-system", _directory]);
            await sync.WaitForExitAsync(cancel);
        }

        string[] fields = (await File.ReadAllTextAsync(_stat, cancel)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(fields[SectorsWritten], CultureInfo.InvariantCulture) * SectorBytes;
    }

    private static bool IsIn(string directory, string place) =>
        place == "/" || directory == place || directory.StartsWith(place + "/", StringComparison.Ordinal);
}
