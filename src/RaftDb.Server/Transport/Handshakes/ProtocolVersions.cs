namespace RaftDb.Server.Transport.Handshakes;

/// <summary>The versions of the protocol between nodes that this program speaks.</summary>
internal static class ProtocolVersions
{
    /// <summary>The oldest.</summary>
    public const ushort Min = 1;

    /// <summary>The newest.</summary>
    public const ushort Max = 1;
}

/// <summary>The other side speaks none of our versions.</summary>
internal sealed class UnsupportedVersionException(ushort min, ushort max)
    : IOException($"It speaks protocol versions {min} to {max}; this node speaks {ProtocolVersions.Min} to {ProtocolVersions.Max}.");
