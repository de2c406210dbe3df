using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>The last things that happened, kept unformatted until a failure wants to see them, and a hash of everything for
/// comparing whole runs.</summary>
internal sealed class Trace(EventQueue time)
{
    private const int Kept = 70;

    private readonly (long At, string What, object? Subject)[] _last = new (long, string, object?)[Kept];
    private long _count;

    /// <summary>Two runs of a seed have the same digest, or something isn't deterministic.</summary>
    public ulong Digest { get; private set; }

    public void Add(string what, object? subject = null)
    {
        _last[_count++ % Kept] = (time.Now, what, subject);
        var hash = Digest ^ (ulong)time.Now;
        foreach (var letter in what)
        {
            hash = (hash ^ letter) * 0x100000001B3;
        }

        Digest = (hash ^ Sketch(subject)) * 0x100000001B3;
    }

    public IEnumerable<string> Lines()
    {
        for (var i = Math.Max(0, _count - Kept); i < _count; i++)
        {
            var (at, what, subject) = _last[i % Kept];
            if (subject is Ready ready)
            {
                foreach (var line in ReadyText.Lines(ready))
                {
                    yield return $"{at / 1e6,12:F3} {what} {line}";
                }

                continue;
            }

            var text = subject switch
            {
                Message message => MessageText.Of(message),
                Input.MessageReceived received => MessageText.Of(received.Message),
                _ => subject?.ToString(),
            };
            yield return $"{at / 1e6,12:F3} {what} {text}";
        }
    }

    private static ulong Sketch(object? subject) => subject switch
    {
        Message message => (message.Term.Value * 31) ^ (message.From.Value << 20) ^ (message.To.Value << 40),
        Ready ready => ((ulong)ready.Messages.Count << 8) ^ ((ulong)ready.Entries.Count << 16) ^ ((ulong)ready.Committed.Count << 32),
        _ => 0,
    };
}
