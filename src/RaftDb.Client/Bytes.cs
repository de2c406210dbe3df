using System.Text;

namespace RaftDb.Client;

/// <summary>A key or a value: bytes, which text becomes as UTF-8.</summary>
public readonly struct Bytes
{
    /// <summary>From bytes; they are not copied.</summary>
    public Bytes(ReadOnlyMemory<byte> memory) => Memory = memory;

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Memory { get; }

    /// <summary>Text as UTF-8.</summary>
    public static implicit operator Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>An array; it is not copied. Null is refused: it would silently become the empty key or value.</summary>
    public static implicit operator Bytes(byte[] bytes) => new(bytes ?? throw new ArgumentNullException(nameof(bytes)));

    /// <summary>Memory; it is not copied.</summary>
    public static implicit operator Bytes(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>The bytes read as UTF-8.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Memory.Span);
}
