using RaftDb.Raft;

namespace RaftDb.Storage.StateMachines.Changes;

/// <summary>One change of one key by one entry.</summary>
/// <param name="Index">The entry.</param>
/// <param name="Ordinal">Which change of the entry, from 0.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">Its new value; null when it went.</param>
/// <param name="Version">Its new version; 0 when it went.</param>
/// <param name="IsExpiry">It went because its TTL ran out.</param>
/// <param name="IsLast">Whether the entry has no further change, of any key.</param>
public readonly record struct Change(
    LogIndex Index, uint Ordinal, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? Value, ulong Version, bool IsExpiry, bool IsLast);

/// <summary>What changes to read.</summary>
/// <param name="After">Entries at or before this are known.</param>
/// <param name="Known">Changes of the next entry that are known already.</param>
/// <param name="Start">First key, inclusive; empty = from the beginning.</param>
/// <param name="End">End, exclusive; null = to the end.</param>
/// <param name="MaxBytes">Bytes of keys and values at which the page ends; an entry is never cut in two.</param>
public readonly record struct ChangeQuery(LogIndex After, uint Known, ReadOnlyMemory<byte> Start, ReadOnlyMemory<byte>? End, int MaxBytes);

/// <summary>Changes in the order of the log.</summary>
/// <param name="Changes">The changes.</param>
/// <param name="Through">Everything up to this entry was looked at.</param>
/// <param name="FirstAfter">Not null when what was asked for is not kept (any more): what follows this entry is. Zero: nothing is kept at all.</param>
public sealed record ChangePage(IReadOnlyList<Change> Changes, LogIndex Through, LogIndex? FirstAfter);
