using System.Collections.Immutable;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Simulation.States;

/// <summary>The whole state of one replica after one transaction. Immutable: keeping one is free, and so are views and copies.</summary>
internal sealed record StateVersion(
    StateMeta Meta, ImmutableSortedDictionary<byte[], SimRow> Rows, ImmutableSortedSet<SimRow> ByExpiry, ulong RowsHash, SimSessions Sessions)
{
    /// <summary>Of everything that replicas must agree on.</summary>
    public ulong Hash => RowsHash + Sessions.Hash;

    public static StateVersion Empty(StateMeta meta) =>
        new(meta, ImmutableSortedDictionary.Create<byte[], SimRow>(KeyOrder.Instance), ImmutableSortedSet.Create<SimRow>(ExpiryOrder.Instance), 0, SimSessions.None);

    /// <summary>The earliest expiry; 0 without one.</summary>
    public long EarliestExpiry => ByExpiry.IsEmpty ? 0 : ByExpiry[0].Expiry;

    private sealed class KeyOrder : IComparer<byte[]>
    {
        public static readonly KeyOrder Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }

    private sealed class ExpiryOrder : IComparer<SimRow>
    {
        public static readonly ExpiryOrder Instance = new();

        public int Compare(SimRow? x, SimRow? y)
        {
            int byTime = x!.Expiry.CompareTo(y!.Expiry);
            return byTime != 0 ? byTime : x.Key.AsSpan().SequenceCompareTo(y.Key);
        }
    }
}
