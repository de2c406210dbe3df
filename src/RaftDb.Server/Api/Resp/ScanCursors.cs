using System.Security.Cryptography;

namespace RaftDb.Server.Api.Resp;

/// <summary>Where the scans of this node's clients go on. A cursor is a number, for that is what clients take it for, and keys don't fit into one: so the node remembers the
/// key, for the last so many cursors. Any connection to the node may use it, and use it again. Thread-safe.</summary>
internal sealed class ScanCursors
{
    private const int MaxCursors = 16_384;
    private const long MaxBytes = 8 << 20;

    // Some clients keep numbers as doubles: a cursor stays below 2^53.
    private const long Bound = 1L << 52;

    private readonly Lock _gate = new();
    private readonly Dictionary<long, ReadOnlyMemory<byte>> _next = [];
    private readonly Queue<long> _oldest = [];
    private long _last = RandomNumberGenerator.GetInt32(1 << 30) * (Bound >> 31);
    private long _bytes;

    /// <summary>A cursor for what begins at a key. One of another start of the process means nothing here: they begin at random.</summary>
    public long Add(ReadOnlyMemory<byte> next)
    {
        lock (_gate)
        {
            while (_oldest.Count >= MaxCursors || _bytes > MaxBytes)
            {
                long old = _oldest.Dequeue();
                _bytes -= _next[old].Length;
                _next.Remove(old);
            }

            _next.Add(++_last, next);
            _oldest.Enqueue(_last);
            _bytes += next.Length;
            return _last;
        }
    }

    /// <summary>Where a cursor's scan goes on; false when that is not known here.</summary>
    public bool TryFind(long cursor, out ReadOnlyMemory<byte> next)
    {
        lock (_gate)
        {
            return _next.TryGetValue(cursor, out next);
        }
    }
}
