using RaftDb.Server.Ranges.Watches;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Server.Api;

/// <summary>One range of a watcher, and up to where it was told.</summary>
internal sealed class WatchedRange(RangeId range, WatchPosition position, ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end)
{
    public RangeId Range { get; } = range;

    public WatchPosition Position { get; private set; } = position;

    public ChangeQuery Query(int maxBytes) => new(Position.Index, Position.Known, start, end, maxBytes);

    /// <summary>A change was told.</summary>
    public void Told(in Change change) =>
        Position = change.IsLast ? new(change.Index) : new(new(change.Index.Value - 1), change.Ordinal + 1);

    /// <summary>There was nothing more up to here.</summary>
    public void Passed(Raft.LogIndex through)
    {
        if (through > Position.Index)
        {
            Position = new(through);
        }
    }
}
