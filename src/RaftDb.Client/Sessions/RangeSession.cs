using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace RaftDb.Client.Sessions;

/// <summary>One session: hands out sequence numbers and knows the lowest that is still unanswered. Thread-safe.</summary>
internal sealed class RangeSession(string id)
{
    /// <summary>Numbers between the lowest unanswered one and the next: ranges keep the results of 4096, so that who waits for long must not be waited for by all.</summary>
    private const int Window = 2048;

    private readonly Lock _gate = new();
    private readonly bool[] _answered = new bool[Window];
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _used = Stopwatch.GetTimestamp();
    private ulong _next = 1;
    private ulong _lowest = 1;
    private bool _isOver;

    /// <summary>The id, 32 hex digits.</summary>
    public byte[] Id { get; } = Encoding.ASCII.GetBytes(id);

    /// <summary>The lowest number that is still unanswered.</summary>
    public ulong Acknowledged
    {
        get
        {
            lock (_gate)
            {
                return _lowest;
            }
        }
    }

    /// <summary>A new number; false when it is time for another session.</summary>
    public bool TryTake(TimeSpan longest, TimeSpan idle, [NotNullWhen(true)] out SessionTicket? ticket)
    {
        lock (_gate)
        {
            ticket = null;
            if (_isOver || _next - _lowest >= Window || Stopwatch.GetElapsedTime(_began) > longest || Stopwatch.GetElapsedTime(_used) > idle)
            {
                return false;
            }

            _used = Stopwatch.GetTimestamp();
            _answered[_next % Window] = false;
            ticket = new(this, _next++);
            return true;
        }
    }

    /// <summary>A number is answered, or nobody waits for its answer any more: it will not be sent again.</summary>
    public void Answered(ulong sequence)
    {
        lock (_gate)
        {
            _answered[sequence % Window] = true;
            while (_lowest < _next && _answered[_lowest % Window])
            {
                _lowest++;
            }
        }
    }

    /// <summary>Nothing new in this session.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
        }
    }
}

/// <summary>The place of one write in a session.</summary>
internal sealed record SessionTicket(RangeSession Session, ulong Sequence);
