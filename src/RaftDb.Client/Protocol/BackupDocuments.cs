namespace RaftDb.Client.Protocol;

/// <summary>The line that goes ahead of a range's data in a backup. A backup file is <see cref="BackupFormat.FirstLine"/>, then for each range this line and
/// <see cref="Length"/> bytes, then a <see cref="BackupEnd"/> line.</summary>
/// <param name="Range">The range.</param>
/// <param name="Kind">"meta" or "kv".</param>
/// <param name="Start">First key; null = unbounded.</param>
/// <param name="End">End, exclusive; null = unbounded.</param>
/// <param name="Generation">Of the descriptor.</param>
/// <param name="FailoverMode">"fast" or "lease".</param>
/// <param name="Index">The applied index that the data shows.</param>
/// <param name="Term">Its term.</param>
/// <param name="Keys">How many keys.</param>
/// <param name="Digest">The digest of the state at that index.</param>
/// <param name="Length">Bytes of the data.</param>
/// <param name="Sha256">Of the data.</param>
/// <param name="Replicas">Replica id and node of each replica.</param>
/// <param name="Configuration">The configuration at that index, encoded.</param>
public sealed record BackupRange(
    ulong Range, string Kind, BinaryText? Start, BinaryText? End, ulong Generation, string FailoverMode, ulong Index, ulong Term, long Keys, string Digest,
    long Length, string Sha256, IReadOnlyList<BackupReplica> Replicas, byte[] Configuration);

/// <summary>One replica of a backed-up range.</summary>
public readonly record struct BackupReplica(ulong Replica, ulong Node);

/// <summary>The last line of a backup: without it the file is not whole.</summary>
/// <param name="Ranges">How many ranges the file holds.</param>
/// <param name="Sha256">Of everything before this line.</param>
public sealed record BackupEnd(int Ranges, string Sha256);

/// <summary>The backup file's format.</summary>
public static class BackupFormat
{
    /// <summary>What a backup starts with.</summary>
    public const string FirstLine = "RAFTDB-BACKUP 1\n";

    /// <summary>The name of a restored backup inside a data directory, until the node's first start takes it in.</summary>
    public const string RestoredName = "restore.raftdb";
}
