using System.Diagnostics;

namespace RaftDb.Benchmarks.Comparison.Processes;

/// <summary>Runs a program to its end.</summary>
internal static class Tool
{
    /// <summary>Its standard output. Throws with what it said when it failed.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancel, string? directory = null)
    {
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory ?? "" };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start) ?? throw new ComparisonException($"{program} could not be started.");
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancel);
            string output = await process.StandardOutput.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0
                ? output
                : throw new ComparisonException($"{program} {string.Join(' ', start.ArgumentList)} failed ({process.ExitCode}): {(await errors + output).Trim()}");
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
}
