using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace RaftDb.Cli.Bench.Engine;

/// <summary>A process of the benchmark as the one that started it sees it.</summary>
internal sealed class EngineChild : IDisposable
{
    private readonly Process _process;

    private EngineChild(Process process) => _process = process;

    /// <summary>User and system time so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts it, and waits until it is there.</summary>
    public static async Task<EngineChild> StartAsync(EngineNodeArguments arguments, CancellationToken cancel)
    {
        string program = Environment.ProcessPath ?? throw new RefusedException("The path of the running program is not known.");
        ProcessStartInfo start = new(program) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "raftdb.dll"));
        }

        foreach (string argument in (string[])["bench", "engine-node", arguments.Id.ToString(CultureInfo.InvariantCulture), string.Join(',', arguments.Peers), arguments.Data, $"{arguments.Cluster}"])
        {
            start.ArgumentList.Add(argument);
        }

        EngineChild child = new(Process.Start(start) ?? throw new RefusedException("A process of the benchmark could not be started."));
        await child.ExpectAsync(EngineProcess.Ready, cancel);
        return child;
    }

    public async Task<EngineStatus> StatusAsync(CancellationToken cancel) => await AskAsync<EngineStatus>(EngineProcess.Status, cancel);

    /// <summary>Has it propose. <paramref name="measuring"/> is called when the warm-up is over.</summary>
    public async Task<EngineRun> RunAsync(EngineSettings settings, int writers, Action measuring, CancellationToken cancel)
    {
        await TellAsync(FormattableString.Invariant($"{EngineProcess.Run} {writers} {settings.WarmUpSeconds} {settings.Seconds} {settings.EntryBytes}"), cancel);
        await ExpectAsync(EngineProcess.Measuring, cancel);
        measuring();
        return Parse<EngineRun>(await LineAsync(cancel));
    }

    public void Dispose()
    {
        // The end of its input is its end.
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static T Parse<T>(string line) =>
        JsonSerializer.Deserialize<T>(line, EngineStatus.Options) ?? throw new RefusedException($"A process of the benchmark said '{line}'.");

    private async Task<T> AskAsync<T>(string order, CancellationToken cancel)
    {
        await TellAsync(order, cancel);
        return Parse<T>(await LineAsync(cancel));
    }

    private async Task TellAsync(string order, CancellationToken cancel)
    {
        await _process.StandardInput.WriteLineAsync(order.AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
    }

    private async Task ExpectAsync(string word, CancellationToken cancel)
    {
        string line = await LineAsync(cancel);
        if (line != word)
        {
            throw new RefusedException($"A process of the benchmark said '{line}' instead of '{word}'.");
        }
    }

    private async Task<string> LineAsync(CancellationToken cancel) =>
        await _process.StandardOutput.ReadLineAsync(cancel) ?? throw new RefusedException("A process of the benchmark has ended by itself: its last words are above.");
}
