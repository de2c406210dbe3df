using System.Numerics;

namespace RaftDb.Simulation.Core;

/// <summary>What happened, as one rolling hash over everything and, for people, the last lines of it (or all, into a file).</summary>
internal sealed class Trace(EventQueue time, TextWriter? file)
{
    private const int KeptLines = 60;

    private readonly Queue<string> _lines = new();

    /// <summary>The same for the same seed and code.</summary>
    public ulong Hash { get; private set; } = 0xCBF29CE484222325;

    /// <summary>Whether small things are to be told as well.</summary>
    public bool IsDetailed => file is not null;

    /// <summary>Mixes numbers into the hash.</summary>
    public void Mix(ulong a, ulong b = 0)
    {
        ulong hash = Hash ^ a ^ ((ulong)time.Now * 0x9E3779B97F4A7C15);
        hash = (BitOperations.RotateLeft(hash, 23) ^ b) * 0x2127599BF4325C37;
        Hash = hash ^ (hash >> 29);
    }

    /// <summary>Tells something that happens rarely.</summary>
    public void Add(string text)
    {
        ulong mixed = 14695981039346656037;
        foreach (char letter in text)
        {
            mixed = (mixed ^ letter) * 1099511628211;
        }

        Mix(mixed);
        Keep(text);
    }

    /// <summary>Tells something that happens often, when somebody wants to read it.</summary>
    public void Detail(Func<string> text)
    {
        if (IsDetailed)
        {
            Keep(text());
        }
    }

    public IEnumerable<string> LastLines() => _lines;

    private void Keep(string text)
    {
        string line = $"{time.Now / 1_000_000.0,12:F3} ms  {text}";
        file?.WriteLine(line);
        if (_lines.Count == KeptLines)
        {
            _lines.Dequeue();
        }

        _lines.Enqueue(line);
    }
}
