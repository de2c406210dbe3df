namespace RaftDb.Raft.Membership;

/// <summary>Reads bytes and variable-length integers from a span, strictly: nothing may be missing, left over or longer than needed.</summary>
internal ref struct VarintReader(ReadOnlySpan<byte> bytes)
{
    private const int MostVarintBytes = 10;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public byte Byte()
    {
        if (_at == _bytes.Length)
        {
            throw new ConfigurationFormatException($"Not a configuration or change of one: it ends early, at byte {_at}.");
        }

        return _bytes[_at++];
    }

    public ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < MostVarintBytes; i++)
        {
            var next = Byte();
            var bits = (ulong)(next & 0x7F);

            // The tenth byte has room for the 64th bit only.
            if (i == MostVarintBytes - 1 && bits > 1)
            {
                break;
            }

            value |= bits << (7 * i);
            if (next < 0x80)
            {
                return next != 0 || i == 0
                    ? value
                    : throw new ConfigurationFormatException(
                        $"Not a configuration or change of one: the number before byte {_at} is longer than needed.");
            }
        }

        throw new ConfigurationFormatException(
            $"Not a configuration or change of one: the number before byte {_at} has more than 64 bits.");
    }

    /// <summary>A count of items that each take at least so many bytes: bounded by what is left, so that no damaged count reserves memory.</summary>
    public int Count(int bytesPerItem)
    {
        var count = Varint();
        if (count > (ulong)((_bytes.Length - _at) / bytesPerItem))
        {
            throw new ConfigurationFormatException(
                $"Not a configuration or change of one: {count} items don't fit into what follows byte {_at}.");
        }

        return (int)count;
    }

    /// <summary>A copy of so many bytes, which a count has shown to be there.</summary>
    public byte[] Bytes(int count)
    {
        var bytes = _bytes.Slice(_at, count).ToArray();
        _at += count;
        return bytes;
    }

    public readonly void End()
    {
        if (_at != _bytes.Length)
        {
            throw new ConfigurationFormatException(
                $"Not a configuration or change of one: {_bytes.Length - _at} bytes too many.");
        }
    }
}
