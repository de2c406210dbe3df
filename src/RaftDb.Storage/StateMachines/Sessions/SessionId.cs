using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace RaftDb.Storage.StateMachines.Sessions;

/// <summary>Names a client's session: 128 bits, which the client may choose. An id that a node mints says in its first 48 bits when that was (it is a UUID of version 7
/// with twelve fixed bits after the version), so that a range can tell that it is too old to be new without remembering it.</summary>
public readonly record struct SessionId(UInt128 Value)
{
    /// <summary>Bytes of an id.</summary>
    public const int Bytes = 16;

    /// <summary>Version 7 and our own twelve bits. An id drawn at random has them and the two bits of the variant once in 262,144 times.</summary>
    private const ushort Mark = 0x7D5B;

    /// <summary>When a node minted the id, in milliseconds since 1970 of its log time; null for one that a client chose.</summary>
    public long? MintedAt
    {
        get
        {
            ulong high = (ulong)(Value >> 64);
            return (ushort)high == Mark && (ulong)Value >> 62 == 0b10 ? (long)(high >> 16) : null;
        }
    }

    /// <summary>A new id.</summary>
    public static SessionId Mint(HybridTimestamp now)
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return Mint(now, BinaryPrimitives.ReadUInt64LittleEndian(random));
    }

    /// <summary>The id with these random bits, of which 62 are used.</summary>
    public static SessionId Mint(HybridTimestamp now, ulong random) =>
        new(new UInt128(((ulong)now.Milliseconds << 16) | Mark, (random >> 2) | (0b10UL << 62)));

    /// <summary>Reads 32 hex digits; hyphens are passed over.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out SessionId id)
    {
        id = default;
        Span<char> digits = stackalloc char[2 * Bytes];
        int count = 0;
        foreach (char digit in text)
        {
            if (digit == '-')
            {
                continue;
            }

            if (count == digits.Length || !char.IsAsciiHexDigit(digit))
            {
                return false;
            }

            digits[count++] = digit;
        }

        if (count != digits.Length)
        {
            return false;
        }

        id = new(UInt128.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>The bytes as they stand in commands and tables: the text's, from left to right.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static SessionId Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt128BigEndian(source));

    /// <summary>32 hex digits in lower case.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
