using System.Globalization;

namespace RaftDb.Benchmarks.Comparison.Processes;

/// <summary>What processes have used so far, from /proc: themselves, their children, and children that have ended and were waited for.</summary>
/// <param name="CpuSeconds">User and system time.</param>
/// <param name="MemoryBytes">Memory now, of the largest of the processes with its children: its proportional share of every resident page.</param>
/// <param name="AnonymousBytes">What of that is not a file's.</param>
internal readonly record struct ProcessCost(double CpuSeconds, long? MemoryBytes, long? AnonymousBytes)
{
    /// <summary>Clock ticks of /proc: 100 a second on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    public static ProcessCost Of(IEnumerable<int> roots)
    {
        ILookup<int, int> children = Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out int pid) ? pid : 0)
            .Where(pid => pid > 0)
            .Select(pid => (Pid: pid, Stat: Stat(pid)))
            .Where(one => one.Stat.Length > 0)
            .ToLookup(one => int.Parse(one.Stat[1], CultureInfo.InvariantCulture), one => one.Pid);
        double cpu = 0;
        (long Share, long Anonymous) most = default;
        foreach (int root in roots)
        {
            long share = 0;
            long anonymous = 0;
            Stack<int> open = new([root]);
            while (open.TryPop(out int pid))
            {
                foreach (int child in children[pid])
                {
                    open.Push(child);
                }

                string[] stat = Stat(pid);
                if (stat.Length > 0)
                {
                    // utime, stime, cutime, cstime (proc(5), counted from the state).
                    cpu += stat[11..15].Sum(field => double.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
                    share += Field($"/proc/{pid}/smaps_rollup", "Pss:") * 1024;
                    anonymous += (Field($"/proc/{pid}/smaps_rollup", "Pss_Anon:") + Field($"/proc/{pid}/smaps_rollup", "Pss_Shmem:")) * 1024;
                }
            }

            most = share > most.Share ? (share, anonymous) : most;
        }

        return new(cpu, most.Share > 0 ? most.Share : null, most.Share > 0 ? most.Anonymous : null);
    }

    /// <summary>The fields behind the name, which may hold anything; empty when the process is gone.</summary>
    private static string[] Stat(int pid)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static long Field(string file, string name)
    {
        try
        {
            string? line = File.ReadLines(file).FirstOrDefault(one => one.StartsWith(name, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line[name.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or belongs to somebody else.
            return 0;
        }
    }
}
