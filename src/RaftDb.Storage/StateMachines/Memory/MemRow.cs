using System.Runtime.InteropServices;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>One version of a row in a <see cref="MemTable"/>, which has the value.</summary>
internal readonly record struct MemRow(int Address, MemRow.Header Fields)
{
    /// <summary>Whether the row is there: one that was removed leaves a version that says so.</summary>
    public bool Exists => Fields.Version != 0;

    /// <summary>What is known of the row without its value.</summary>
    public RowFacts Facts => Exists ? new(Fields.Version, Fields.Index, Fields.Expiry, Fields.ValueBytes) : RowFacts.Absent;

    /// <summary>What stands ahead of the value.</summary>
    /// <param name="Index">The entry that wrote it.</param>
    /// <param name="Version">The row's version; 0 = it is gone.</param>
    /// <param name="Expiry">When it expires, in milliseconds of log time; 0 = never.</param>
    /// <param name="Time">The time of the command.</param>
    /// <param name="Previous">The version before this one; 0 = none here.</param>
    /// <param name="ValueBytes">Length of the value.</param>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly record struct Header(ulong Index, ulong Version, long Expiry, ulong Time, int Previous, int ValueBytes);
}
