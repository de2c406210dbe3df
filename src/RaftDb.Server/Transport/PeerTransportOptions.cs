using System.Net.Sockets;

namespace RaftDb.Server.Transport;

/// <summary>Tunables of the connections between nodes.</summary>
internal sealed record PeerTransportOptions
{
    /// <summary>Silence on a connection after which a ping is sent. 100 ms: as often as a heartbeat.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Silence after which a peer is suspected, and again after each further such time. 1 s: an election timeout, many pings.</summary>
    public TimeSpan SuspectAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence, or a blocked write, after which the connection is given up. 5 s: the peer may be paused and come back until then.</summary>
    public TimeSpan CloseAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest handshake. 3 s: a few lost packets; strangers must not hold a connection longer.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The longest attempt to connect. 1 s: a lost SYN is sent again after one second, so more would hardly help.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long after a lost connection a redial may take to tell whether the process is gone; then it is only "lost". 300 ms: well below an
    /// election timeout.</summary>
    public TimeSpan LossVerdictTimeout { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>The first pause between dials; doubled each time, with jitter.</summary>
    public TimeSpan MinRedialDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest pause between dials. 500 ms: a restarted peer should not wait for us.</summary>
    public TimeSpan MaxRedialDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The first pause after a refusal: somebody must correct something first.</summary>
    public TimeSpan MinRefusedDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause after refusals.</summary>
    public TimeSpan MaxRefusedDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest frame. 32 MiB: a transaction of several values of 8 MiB fits.</summary>
    public int MaxFrameBytes { get; init; } = 32 << 20;

    /// <summary>Most bytes that wait to be sent to one peer. Raft messages beyond are dropped, requests refused. 64 MiB: two of the longest frames.</summary>
    public long MaxQueuedBytes { get; init; } = 64 << 20;

    /// <summary>Most connections whose handshake is not over. 64: more than nodes of a cluster dial at once, too few to hurt.</summary>
    public int MaxUnauthenticatedConnections { get; init; } = 64;

    /// <summary>Most requests of one peer that are worked on at once; more are answered with a failure.</summary>
    public int MaxRequestsPerPeer { get; init; } = 4096;

    /// <summary>Most snapshots sent at once by this node. 2: they compete with the log for the network.</summary>
    public int MaxSnapshotSends { get; init; } = 2;

    /// <summary>Most bytes a second of all snapshots sent; 0 = as fast as it goes.</summary>
    public long SnapshotBytesPerSecond { get; init; }

    /// <summary>The size of a snapshot's chunks; at most 256 KiB.</summary>
    public int SnapshotChunkBytes { get; init; } = 256 << 10;

    /// <summary>How long a partly received snapshot is kept for its sender to come back. 1 min: more than a redial, less than a retirement.</summary>
    public TimeSpan SnapshotResumeWindow { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Turns a connected socket into the stream that is used: the place where TLS would go. The flag says whether this side dialled.</summary>
    public Func<Socket, bool, CancellationToken, ValueTask<Stream>> StreamFactory { get; init; } =
        static (socket, _, _) => new(new NetworkStream(socket, ownsSocket: true));

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public PeerTransportOptions Validate()
    {
        Require(PingInterval > TimeSpan.Zero, "PingInterval must be positive");
        Require(SuspectAfter > PingInterval, "SuspectAfter must be longer than PingInterval");
        Require(CloseAfter > SuspectAfter, "CloseAfter must be longer than SuspectAfter");
        Require(HandshakeTimeout > TimeSpan.Zero, "HandshakeTimeout must be positive");
        Require(ConnectTimeout > TimeSpan.Zero, "ConnectTimeout must be positive");
        Require(LossVerdictTimeout > TimeSpan.Zero, "LossVerdictTimeout must be positive");
        Require(MinRedialDelay > TimeSpan.Zero && MaxRedialDelay >= MinRedialDelay, "MinRedialDelay must be positive and at most MaxRedialDelay");
        Require(MinRefusedDelay > TimeSpan.Zero && MaxRefusedDelay >= MinRefusedDelay, "MinRefusedDelay must be positive and at most MaxRefusedDelay");
        Require(MaxFrameBytes is >= 512 << 10 and <= 1 << 30, "MaxFrameBytes must be from 512 KiB to 1 GiB");
        Require(MaxQueuedBytes >= MaxFrameBytes, "MaxQueuedBytes must be at least MaxFrameBytes");
        Require(MaxUnauthenticatedConnections > 0, "MaxUnauthenticatedConnections must be positive");
        Require(MaxRequestsPerPeer > 0, "MaxRequestsPerPeer must be positive");
        Require(MaxSnapshotSends > 0, "MaxSnapshotSends must be positive");
        Require(SnapshotBytesPerSecond >= 0, "SnapshotBytesPerSecond must not be negative");
        Require(SnapshotChunkBytes is >= 1 and <= 256 << 10, "SnapshotChunkBytes must be from 1 to 256 KiB");
        Require(SnapshotResumeWindow >= TimeSpan.Zero, "SnapshotResumeWindow must not be negative");
        return this;
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"Transport options: {rule}.");
        }
    }
}

/// <summary>What this node tells the others of itself.</summary>
/// <param name="Http">The advertised HTTP address.</param>
/// <param name="Resp">The advertised RESP address.</param>
/// <param name="Zone">Its zone; empty when none was given.</param>
/// <param name="Sqlite">The SQLite version that it runs.</param>
internal sealed record LocalNodeFacts(string Http, string Resp, string Zone, string Sqlite);
