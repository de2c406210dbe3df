using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>The answer to GET /v1/kv: one page.</summary>
/// <param name="Items">The rows, in the order asked for.</param>
/// <param name="Next">Null when there is nothing more. Otherwise the key from which the scan goes on: the next request's <c>start</c> or, in reverse, its <c>end</c>.</param>
public sealed record ScanDocument(IReadOnlyList<ScanItemDocument> Items, BinaryText? Next);

/// <summary>One row of a scan.</summary>
/// <param name="Key">The key: plain text, or base64 when <paramref name="Encoding"/> says so.</param>
/// <param name="Value">The value, likewise; absent when only keys were asked for.</param>
/// <param name="Version">1 at creation, +1 per change.</param>
/// <param name="Index">The index of the log entry that last changed it.</param>
/// <param name="Encoding">"base64" when key and value are; absent when they are plain text.</param>
public sealed record ScanItemDocument(
    string Key,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Value,
    ulong Version,
    ulong Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Encoding)
{
    /// <summary>The value of <see cref="Encoding"/> that says base64.</summary>
    public const string Base64Encoding = "base64";

    /// <summary>The key's bytes.</summary>
    public byte[] KeyBytes() => Decode(Key);

    /// <summary>The value's bytes; null when only keys were asked for.</summary>
    public byte[]? ValueBytes() => Value is null ? null : Decode(Value);

    private byte[] Decode(string text) =>
        Encoding == Base64Encoding ? Convert.FromBase64String(text) : System.Text.Encoding.UTF8.GetBytes(text);
}
