using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.Disk;

namespace RaftDb.Server.Ids;

/// <summary>Numbers that no other node gives and that grow with each call: 41 bits of milliseconds since 2026-01-01, 10 bits of this node's id, 12 bits that count within
/// a millisecond. When the clock goes back, or a millisecond is used up, the time in them runs ahead of the clock rather than repeat. So that this holds over a restart too, a
/// mark ahead of all that were given is on the disk before they are. Thread-safe.</summary>
internal sealed class UniqueIds(NodeId node, IdMark mark, TimeProvider clock)
{
    /// <summary>Most ids of one call.</summary>
    public const int MaxCount = 4096;

    /// <summary>The highest node id that fits.</summary>
    public const int MaxNode = (1 << NodeBits) - 1;

    /// <summary>2026-01-01T00:00:00Z in milliseconds since 1970. Never to be changed: ids would repeat.</summary>
    public const long FirstMillisecond = 1_767_225_600_000;

    private const int NodeBits = 10;
    private const int SequenceBits = 12;
    private const int TimeBits = 41;

    // One write of the mark for so long. After a crash the time in ids is ahead by at most this.
    private const long ReservedMilliseconds = 10_000;

    private readonly Lock _gate = new();

    // Milliseconds and sequence as one number: the next id's. Always beyond what was given.
    private long _next;

    // All ids before this millisecond may be given without a word to the disk.
    private long _reserved = -1;

    /// <summary>Fills the span with ids, ascending and without a gap in their sequence; null when it is done.</summary>
    public RequestError? TryTake(Span<long> ids)
    {
        if (node.Value > MaxNode)
        {
            return new(ErrorCode.InvalidArgument, $"This node's id, {node}, does not fit into 10 bits: ask a node with an id up to {MaxNode}.");
        }

        lock (_gate)
        {
            try
            {
                return TakeReserved(ids);
            }
            catch (DiskFullException)
            {
                return new(ErrorCode.NoSpace, $"The disk of node {node} is full: no more ids can be reserved. Free some space, or ask another node.");
            }
            catch (IOException e)
            {
                return new(ErrorCode.Unavailable, $"Node {node} can't reserve ids: {e.Message} Ask another node.");
            }
        }
    }

    private RequestError? TakeReserved(Span<long> ids)
    {
        // 1. The first call begins beyond everything that was given before the start.
        if (_reserved < 0)
        {
            _reserved = mark.Read();
            _next = _reserved << SequenceBits;
        }

        // 2. Not before now, and never before the last one.
        long now = Math.Max(0, clock.GetUtcNow().ToUnixTimeMilliseconds() - FirstMillisecond);
        _next = Math.Max(_next, now << SequenceBits);
        long last = (_next + ids.Length - 1) >> SequenceBits;
        if (last + ReservedMilliseconds >= 1L << TimeBits)
        {
            return new(ErrorCode.Unavailable, $"The clock of node {node} is beyond what 41 bits of milliseconds can tell. Set it right.");
        }

        // 3. What is given is below a mark that is on the disk.
        if (last >= _reserved)
        {
            long reserve = last + ReservedMilliseconds;
            mark.Write(reserve);
            _reserved = reserve;
        }

        foreach (ref long id in ids)
        {
            id = (_next >> SequenceBits << (SequenceBits + NodeBits)) | ((long)node.Value << SequenceBits) | (_next & ((1 << SequenceBits) - 1));
            _next++;
        }

        return null;
    }
}
