using System.Diagnostics;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>One node of a drill: its addresses, and its process while it runs.</summary>
internal sealed class NodeProcess(ulong id, Endpoint http, Endpoint resp, Endpoint peer, string data) : IDisposable
{
    private readonly List<Process> _earlier = [];
    private volatile Process? _process;

    public ulong Id { get; } = id;

    public Endpoint Http { get; } = http;

    public Endpoint Peer { get; } = peer;

    /// <summary>Where its data is.</summary>
    public string Data { get; } = data;

    /// <summary>Its process, while it runs.</summary>
    public int? Pid => _process is { HasExited: false } process ? process.Id : null;

    public bool Runs => _process is { HasExited: false };

    private string OutputFile => $"{Data}.out";

    public void Start(string cluster, IReadOnlyList<string> splitKeys, IEnumerable<string> settings)
    {
        string program = Environment.ProcessPath ?? throw new RefusedException("The path of the running program is not known.");
        List<string> command = [program];
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            command.Add(Path.Combine(AppContext.BaseDirectory, "raftdb.dll"));
        }

        command.AddRange([
            "start", "--id", $"{Id}", "--data", Data, "--http", $"{Http}", "--resp", $"{resp}", "--peer", $"{Peer}", "--cluster", cluster]);
        if (splitKeys.Count > 0)
        {
            command.AddRange(["--split-keys", string.Join(',', splitKeys)]);
        }

        foreach (string setting in settings)
        {
            command.AddRange(["--set", setting]);
        }

        // The shell puts the output into a file and then becomes the node, so the pid is the node's own.
        ProcessStartInfo start = new("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("out=$1; shift; exec \"$@\" >>\"$out\" 2>&1");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(OutputFile);
        foreach (string argument in command)
        {
            start.ArgumentList.Add(argument);
        }

        // Others may just be looking at the process that was: it is disposed of in the end.
        if (_process is { } earlier)
        {
            _earlier.Add(earlier);
        }

        _process = Process.Start(start) ?? throw new RefusedException("The node's process could not be started.");
    }

    public void Signal(int signal)
    {
        if (_process is { HasExited: false } process)
        {
            Signals.Send(process.Id, signal);
        }
    }

    public async Task ExitAsync(TimeSpan within, CancellationToken cancel)
    {
        if (_process is null)
        {
            return;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(within);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new RefusedException($"Node {Id} did not end within {within.TotalSeconds:0} s. See {OutputFile}.");
        }
    }

    /// <summary>Throws when the process ended by itself, with what it said last.</summary>
    public void MustRun()
    {
        if (!Runs)
        {
            string last = File.Exists(OutputFile) ? string.Join(" | ", File.ReadLines(OutputFile).TakeLast(3)) : "";
            throw new RefusedException($"Node {Id} ended by itself (exit code {_process?.ExitCode}): {last}");
        }
    }

    public void Dispose()
    {
        if (_process is { } process)
        {
            // A stopped process dies of SIGKILL too.
            if (!process.HasExited)
            {
                Signals.Send(process.Id, Signals.Kill);
                process.WaitForExit(5000);
            }

            process.Dispose();
            _process = null;
        }

        _earlier.ForEach(static earlier => earlier.Dispose());
        _earlier.Clear();
    }
}
