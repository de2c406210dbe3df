using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Handshakes;

/// <summary>Why a node does not talk to another.</summary>
internal enum RefusalKind : byte
{
    /// <summary>It belongs to another cluster.</summary>
    OtherCluster = 1,

    /// <summary>No protocol version in common.</summary>
    UnsupportedVersion = 2,

    /// <summary>A known node id on another disk.</summary>
    OtherStore = 3,

    /// <summary>A node id that is not in the cluster.</summary>
    NotMember = 4,

    /// <summary>It claims this node's own id.</summary>
    OwnId = 5,

    /// <summary>It meant to reach another node.</summary>
    WrongNode = 6,

    /// <summary>This node can't talk yet (it is starting, or not bootstrapped): try again soon.</summary>
    NotReady = 7,

    /// <summary>Two processes claim the same node id.</summary>
    DuplicateNode = 8,
}

/// <summary>A refusal, with a sentence for people on both sides.</summary>
internal sealed record Refusal(RefusalKind Kind, string Reason)
{
    private const int MaxReasonBytes = 2048;

    public void Encode(WireWriter writer)
    {
        writer.Byte((byte)Kind);
        writer.Text(Reason);
    }

    public static Refusal Decode(ReadOnlySpan<byte> payload)
    {
        WireReader reader = new(payload);
        var kind = (RefusalKind)reader.Byte();
        WireReader.Require(kind is >= RefusalKind.OtherCluster and <= RefusalKind.DuplicateNode, "a refusal is of unknown kind");
        var reason = reader.Text(MaxReasonBytes);
        reader.End();
        return new(kind, reason);
    }
}

/// <summary>One side refused the other.</summary>
/// <param name="refusal">Why.</param>
/// <param name="byUs">Whether this node refused the other.</param>
internal sealed class HandshakeRefusedException(Refusal refusal, bool byUs) : IOException(refusal.Reason)
{
    public Refusal Refusal { get; } = refusal;

    public bool ByUs { get; } = byUs;
}
