using System.Diagnostics;
using System.Globalization;

namespace RaftDb.Benchmarks.Comparison.Processes;

/// <summary>A server that a comparison started, with its output in a file. Disposing of it kills it, and it alone.</summary>
internal sealed class ServerProcess(string output, string program, params IReadOnlyList<string> arguments) : IDisposable
{
    private Process? _process;

    public int Pid => _process is { HasExited: false } process ? process.Id : throw new ComparisonException($"{program} does not run: see {output}.");

    public bool Runs => _process is { HasExited: false };

    public void Start()
    {
        // The shell becomes the server, so that the pid is the server's own.
        ProcessStartInfo start = new("/bin/sh") { UseShellExecute = false };
        foreach (string argument in (string[])["-c", "out=$1; shift; exec \"$@\" >>\"$out\" 2>&1", "sh", output, program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        _process?.Dispose();
        _process = Process.Start(start) ?? throw new ComparisonException($"{program} could not be started.");
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    /// <summary>Asks it to end, and waits.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        if (_process is not { HasExited: false } process)
        {
            return;
        }

        await Tool.RunAsync("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)], cancel);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Kill();
        }
    }

    public void Dispose()
    {
        Kill();
        _process?.Dispose();
    }
}
