namespace RaftDb.Storage.Binlog;

/// <summary>Whose binlog it is; stands in every segment's header.</summary>
public readonly record struct BinlogIdentity(Guid Cluster, NodeId Node, Guid Store);
