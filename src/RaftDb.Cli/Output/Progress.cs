using System.Diagnostics;

namespace RaftDb.Cli.Output;

/// <summary>Tells people how a long-running command gets on, on standard error so that the output stays clean.</summary>
internal sealed class Progress(bool quiet)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly Lock _lock = new();
    private bool _lineOpen;

    public bool IsLive { get; } = !quiet && !Console.IsErrorRedirected;

    /// <summary>A step that was reached; kept on the screen and in a pipe alike.</summary>
    public void Step(string text)
    {
        if (quiet)
        {
            return;
        }

        lock (_lock)
        {
            Clear();
            Console.Error.WriteLine($"{Stopwatch.GetElapsedTime(_started).TotalSeconds,7:0.00} s  {text}");
        }
    }

    /// <summary>A passing figure: overwritten by the next on a terminal, left out elsewhere.</summary>
    public void Live(string text)
    {
        if (!IsLive)
        {
            return;
        }

        lock (_lock)
        {
            Console.Error.Write($"\r\u001b[K{text}");
            _lineOpen = true;
        }
    }

    public void End()
    {
        lock (_lock)
        {
            Clear();
        }
    }

    private void Clear()
    {
        if (_lineOpen)
        {
            Console.Error.Write("\r\u001b[K");
            _lineOpen = false;
        }
    }
}
