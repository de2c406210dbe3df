using System.Globalization;

namespace RaftDb.Cli.Drills.Faults;

/// <summary>
/// Slows the disk down for some processes: a control group of theirs that lets only so many writes a second through to the device.
/// What the processes write and sync goes through it; other processes are not touched. Needs root and a kernel with the blkio (v1) or io (v2)
/// controller.
/// </summary>
internal sealed class SlowDisk
{
    private const string Version1 = "/sys/fs/cgroup/blkio";
    private const string Version2 = "/sys/fs/cgroup";

    private readonly string _group;
    private readonly string _limitFile;
    private readonly Func<int?, string> _limit;

    private SlowDisk(string group, string device, bool version2)
    {
        _group = group;
        _limitFile = Path.Combine(group, version2 ? "io.max" : "blkio.throttle.write_iops_device");
        _limit = version2
            ? writes => string.Create(CultureInfo.InvariantCulture, $"{device} wiops={writes?.ToString(CultureInfo.InvariantCulture) ?? "max"}")
            : writes => string.Create(CultureInfo.InvariantCulture, $"{device} {writes ?? 0}");
    }

    /// <summary>Why it can't be done here for this directory; null when it can.</summary>
    public static string? Missing(string directory)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "it limits a node's writes by a control group, and only root may do that.";
        }

        if (!HasVersion1 && !HasVersion2)
        {
            return $"the kernel has no control group that limits writes: neither {Version1}/blkio.throttle.write_iops_device nor the io controller in {Version2}/cgroup.controllers.";
        }

        return DeviceOf(directory) is null ? $"{directory} is not on a block device whose writes can be limited." : null;
    }

    public static SlowDisk Create(string directory)
    {
        string device = DeviceOf(directory) ?? throw new RefusedException($"{directory} is not on a block device.");
        bool version2 = !HasVersion1;
        string group = Path.Combine(version2 ? Version2 : Version1, string.Create(CultureInfo.InvariantCulture, $"raftdb-drill-{Environment.ProcessId}"));
        if (version2)
        {
            File.WriteAllText(Path.Combine(Version2, "cgroup.subtree_control"), "+io");
        }

        Directory.CreateDirectory(group);
        return new(group, device, version2);
    }

    /// <summary>From now on the process is slowed down when the disk is.</summary>
    public void Add(int pid) => File.WriteAllText(Path.Combine(_group, "cgroup.procs"), pid.ToString(CultureInfo.InvariantCulture));

    public void Slow(int writesPerSecond) => File.WriteAllText(_limitFile, _limit(writesPerSecond));

    public void Heal() => File.WriteAllText(_limitFile, _limit(null));

    /// <summary>When its processes have ended.</summary>
    public void Remove() => Directory.Delete(_group);

    private static bool HasVersion1 => File.Exists(Path.Combine(Version1, "blkio.throttle.write_iops_device")) || File.Exists(Path.Combine(Version1, "blkio.throttle.io_serviced"));

    private static bool HasVersion2 =>
        File.Exists(Path.Combine(Version2, "cgroup.controllers")) && File.ReadAllText(Path.Combine(Version2, "cgroup.controllers")).Split([' ', '\n']).Contains("io");

    /// <summary>The whole disk's MAJOR:MINOR under a directory; null when there is none.</summary>
    private static string? DeviceOf(string directory)
    {
        string full = Path.GetFullPath(directory);
        string? mounted = null;
        string? device = null;
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            string[] fields = line.Split(' ');
            string mount = fields[4];
            bool holds = mount == "/" || full == mount || full.StartsWith(mount + "/", StringComparison.Ordinal);
            if (holds && (mounted is null || mount.Length >= mounted.Length))
            {
                (mounted, device) = (mount, fields[2]);
            }
        }

        // Limits are for whole disks: a partition is a folder in its disk's.
        string block = $"/sys/dev/block/{device}";
        if (device is null || !Directory.Exists(block))
        {
            return null;
        }

        string real = Directory.ResolveLinkTarget(block, returnFinalTarget: true)?.FullName ?? block;
        return File.Exists(Path.Combine(real, "partition")) ? File.ReadAllText(Path.Combine(Path.GetDirectoryName(real)!, "dev")).Trim() : device;
    }
}
