namespace RaftDb.Server.Transport.Wire;

/// <summary>What a frame holds. The numbers stand on the wire and never change their meaning.</summary>
internal enum FrameKind : byte
{
    /// <summary>Who the sender is: the first frame of both sides.</summary>
    Hello = 1,

    /// <summary>The dialling side accepts the other: the connection is open.</summary>
    Welcome = 2,

    /// <summary>The connection is refused; why.</summary>
    Refused = 3,

    /// <summary>Another connection between the two nodes is kept; nothing follows on this one.</summary>
    Superseded = 4,

    /// <summary>The sender's process is leaving.</summary>
    Goodbye = 5,

    /// <summary>A sign of life, with a number that the other side sends back.</summary>
    Ping = 6,

    /// <summary>The answer to a ping.</summary>
    Pong = 7,

    /// <summary>Raft messages of many ranges.</summary>
    Messages = 8,

    /// <summary>A request between nodes.</summary>
    Request = 9,

    /// <summary>Its answer.</summary>
    Response = 10,

    /// <summary>How far a node is with the bootstrap.</summary>
    Bootstrap = 11,

    /// <summary>A snapshot is announced.</summary>
    SnapshotOffer = 12,

    /// <summary>The receiver wants it, from an offset on.</summary>
    SnapshotResume = 13,

    /// <summary>The receiver does not want it.</summary>
    SnapshotDeclined = 14,

    /// <summary>A piece of a snapshot.</summary>
    SnapshotChunk = 15,

    /// <summary>Whether the snapshot was installed.</summary>
    SnapshotVerdict = 16,
}
