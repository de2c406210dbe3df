using System.Diagnostics;
using System.Text;

namespace RaftDb.ClusterTests;

/// <summary>The built command, run as a process of its own. Disposing it ends exactly that process.</summary>
internal sealed class Raftdb : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();

    private Raftdb(IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "raftdb"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The command finds the runtime where this process found it.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Append(_out, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    public string Out => Text(_out);

    public string Error => Text(_error);

    public static Raftdb Start(params IEnumerable<string> arguments) => new(arguments);

    /// <summary>Runs to the end.</summary>
    public static async Task<(int ExitCode, string Out, string Error)> RunAsync(params IEnumerable<string> arguments)
    {
        using Raftdb command = new(arguments);
        int exitCode = await command.ExitAsync();
        return (exitCode, command.Out, command.Error);
    }

    /// <summary>Runs to the end, with something to read on its standard input.</summary>
    public static async Task<(int ExitCode, string Out, string Error)> RunWithInputAsync(string input, params IEnumerable<string> arguments)
    {
        using Raftdb command = new(arguments);
        await command._process.StandardInput.WriteAsync(input);
        command._process.StandardInput.Close();
        int exitCode = await command.ExitAsync();
        return (exitCode, command.Out, command.Error);
    }

    /// <summary>Waits for the end.</summary>
    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource patience = new(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>Waits until it has printed something.</summary>
    public async Task SaysAsync(string text)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!Out.Contains(text, StringComparison.Ordinal))
        {
            Assert.That(_process.HasExited, Is.False, $"{Out}\n{Error}");
            await Task.Delay(20, patience.Token);
        }
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

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.AppendLine(line);
            }
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
