using System.Diagnostics;
using System.Runtime.InteropServices;

namespace RaftDb.Benchmarks.Comparison;

/// <summary>Where figures come from.</summary>
internal sealed record MachineDescription(string Processor, int Processors, double MemoryGiB, string Kernel, string FileSystem, string Runtime, string Commit, DateTimeOffset When)
{
    public static MachineDescription Read(ComparisonSettings settings) => new(
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown",
        Environment.ProcessorCount,
        Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30), 1),
        RuntimeInformation.OSDescription,
        new DriveInfo(settings.Data).DriveFormat,
        RuntimeInformation.FrameworkDescription,
        Git(settings.Root, "describe", "--always", "--dirty"),
        DateTimeOffset.UtcNow);

    private static string Git(string root, params IEnumerable<string> arguments)
    {
        using Process? git = Process.Start(new ProcessStartInfo("git", ["-C", root, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true });
        string output = git?.StandardOutput.ReadToEnd().Trim() ?? "";
        git?.WaitForExit();
        return git?.ExitCode == 0 ? output : "unknown";
    }
}
