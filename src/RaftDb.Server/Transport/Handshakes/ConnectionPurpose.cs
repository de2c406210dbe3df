namespace RaftDb.Server.Transport.Handshakes;

/// <summary>What a connection between nodes is for; said in the first frame.</summary>
internal enum ConnectionPurpose : byte
{
    /// <summary>All Raft messages and requests between two nodes.</summary>
    Peer = 1,

    /// <summary>One exchange of how far two nodes are with the bootstrap.</summary>
    Bootstrap = 2,

    /// <summary>One snapshot.</summary>
    Snapshot = 3,
}
