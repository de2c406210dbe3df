using System.Diagnostics;

namespace RaftDb.Benchmarks.Comparison.Processes;

/// <summary>Runs a program to its end.</summary>
internal static class Tool
{
    /// <summary>Characters of what a failed program said that a message repeats.</summary>
    public const int MostSaid = 400;

    /// <summary>What takes longer hangs: no load is so long.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>Its standard output. Throws with what it said when it failed, or was not done within <paramref name="limit"/> (without: a quarter of an hour).</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancel, string? directory = null, TimeSpan? limit = null)
    {
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory ?? "" };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        ends.CancelAfter(limit ?? Longest);
        using Process process = Process.Start(start) ?? throw new ComparisonException($"{program} could not be started.");
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(ends.Token);
            string output = await process.StandardOutput.ReadToEndAsync(ends.Token);
            await process.WaitForExitAsync(ends.Token);
            return process.ExitCode == 0
                ? output
                : throw new ComparisonException($"{Shown(start)} failed ({process.ExitCode}): {End(await errors + output)}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ComparisonException($"{Shown(start)} was not done within {(limit ?? Longest).TotalSeconds:0} s.");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Where a program is, on the path or in one of these directories; null when it isn't there.</summary>
    public static string? Find(string program, params IEnumerable<string> directories) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(directories)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);

    /// <summary>What it said last is mostly why.</summary>
    private static string End(string said)
    {
        said = said.Trim();
        return said.Length > MostSaid / 2 ? "…" + said[^(MostSaid / 2)..] : said;
    }

    private static string Shown(ProcessStartInfo start)
    {
        string line = $"{Path.GetFileName(start.FileName)} {string.Join(' ', start.ArgumentList)}";
        return line.Length > MostSaid / 3 ? line[..(MostSaid / 3)] + "…" : line;
    }
}
