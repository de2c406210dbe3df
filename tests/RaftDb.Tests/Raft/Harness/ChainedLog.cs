using System.Buffers.Binary;
using RaftDb.Raft;
using RaftDb.Raft.Log;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>A log whose every entry has a hash of itself and all before it: two logs with the same chain at an index are
/// equal up to there, also where their beginnings were compacted.</summary>
internal sealed class ChainedLog
{
    private readonly List<Entry> _entries = [];
    private readonly List<ulong> _chains = [];

    public LogPosition Floor { get; private set; } = LogPosition.Zero;

    public ulong FloorChain { get; private set; }

    public IReadOnlyList<Entry> Entries => _entries;

    public LogPosition Last => _entries.Count == 0 ? Floor : new(_entries[^1].Index, _entries[^1].Term);

    public static ulong Chain(ulong previous, in Entry entry)
    {
        var hash = Mix(previous ^ entry.Term.Value, entry.Index.Value);
        hash = Mix(hash ^ (ulong)entry.Kind, (ulong)entry.Data.Length);
        var data = entry.Data.Span;
        for (; data.Length >= 8; data = data[8..])
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (var value in data)
        {
            hash = Mix(hash, value);
        }

        return hash;
    }

    public bool Holds(LogIndex index) => index >= Floor.Index && index <= Last.Index;

    public Term TermAt(LogIndex index) => index == Floor.Index ? Floor.Term : EntryAt(index).Term;

    public ulong ChainAt(LogIndex index) => index == Floor.Index ? FloorChain : _chains[At(index)];

    public Entry EntryAt(LogIndex index) => _entries[At(index)];

    /// <summary>Replaces what is there from the first entry's index on.</summary>
    public void Append(IReadOnlyList<Entry> entries)
    {
        if (entries.Count == 0)
        {
            return;
        }

        var keep = checked((int)(entries[0].Index - Floor.Index)) - 1;
        Check.That(
            keep >= 0 && keep <= _entries.Count, $"entries from {entries[0].Index} on a log of {Floor.Index}..{Last.Index}");
        _entries.RemoveRange(keep, _entries.Count - keep);
        _chains.RemoveRange(keep, _chains.Count - keep);
        foreach (var entry in entries)
        {
            Check.That(entry.Index == Last.Index.Next, $"entry {entry.Index} comes after {Last.Index}");
            _chains.Add(Chain(ChainAt(Last.Index), entry));
            _entries.Add(entry);
        }
    }

    /// <summary>Forgets everything up to and including the index.</summary>
    public void Compact(LogIndex index)
    {
        var floor = new LogPosition(index, TermAt(index));
        var chain = ChainAt(index);
        var count = (int)(index - Floor.Index);
        _entries.RemoveRange(0, count);
        _chains.RemoveRange(0, count);
        (Floor, FloorChain) = (floor, chain);
    }

    /// <summary>Forgets everything and starts after a snapshot.</summary>
    public void Reset(LogPosition floor, ulong chain)
    {
        _entries.Clear();
        _chains.Clear();
        (Floor, FloorChain) = (floor, chain);
    }

    public ChainedLog Copy()
    {
        var copy = new ChainedLog { Floor = Floor, FloorChain = FloorChain };
        copy._entries.AddRange(_entries);
        copy._chains.AddRange(_chains);
        return copy;
    }

    private static ulong Mix(ulong a, ulong b)
    {
        var hash = (a ^ ulong.RotateLeft(b, 29)) * 0x9E3779B97F4A7C15;
        return hash ^ (hash >> 31);
    }

    private int At(LogIndex index) => checked((int)(index - Floor.Index) - 1);
}
