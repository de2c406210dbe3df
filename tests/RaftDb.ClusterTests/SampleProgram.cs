using System.Diagnostics;
using System.Text;

namespace RaftDb.ClusterTests;

/// <summary>A sample, as it was built with these tests, run as a process of its own. Disposing it ends exactly that process.</summary>
internal sealed class SampleProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private SampleProgram(string program, string directory, IEnumerable<string> arguments)
    {
        Assert.That(File.Exists(program), Is.True, $"{program} was not built");
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Append;
        _process.ErrorDataReceived += Append;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public bool HasExited => _process.HasExited;

    /// <param name="name">The sample: its folder and its program are called so.</param>
    /// <param name="directory">Where it runs.</param>
    /// <param name="arguments">What it is told.</param>
    public static SampleProgram Start(string name, string directory, params IEnumerable<string> arguments)
    {
        string configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        string program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../..", "samples", name, "bin", configuration, "net10.0", $"{name}.dll"));
        return new(program, directory, arguments);
    }

    public static SampleProgram StartFile(string program, string directory, params IEnumerable<string> arguments) => new(program, directory, arguments);

    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>Asks it to stop, as an operator would.</summary>
    public async Task TerminateAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line.Data);
            }
        }
    }
}
