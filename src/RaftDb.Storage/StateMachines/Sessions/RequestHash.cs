using System.Security.Cryptography;

namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>Tells requests apart that come under one sequence number: the first half of the SHA-256 of conditions and operations as they stand in the command. Time and generation
/// are not in it, they differ from one try to the next.</summary>
internal static class RequestHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Bytes = 16;

    /// <summary>Hashes everything behind the session in the command.</summary>
    public static void Of(ReadOnlySpan<byte> request, Span<byte> hash)
    {
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(request, whole);
        whole[..Bytes].CopyTo(hash);
    }
}
