namespace RaftDb.Storage.StateMachines;

/// <summary>A key as it stands in the file: the keyspace byte and the user's key, in memory that never moves, so that SQLite can read it in place.</summary>
internal sealed unsafe class KeyBuffer(byte keyspace)
{
    private byte[] _bytes = GC.AllocateUninitializedArray<byte>(1 + 4096, pinned: true);

    /// <summary>How many bytes of <see cref="Pointer"/> count.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes; stays valid until the next change.</summary>
    public byte* Pointer => (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0);

    /// <summary>The key within the keyspace; an empty one is the keyspace's very beginning.</summary>
    public KeyBuffer Set(ReadOnlySpan<byte> key)
    {
        Length = key.Length + 1;
        if (_bytes.Length < Length)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        }

        _bytes[0] = keyspace;
        key.CopyTo(_bytes.AsSpan(1));
        return this;
    }

    /// <summary>An end, exclusive: the key, or for an empty one the end of the keyspace.</summary>
    public KeyBuffer SetEnd(ReadOnlySpan<byte> end)
    {
        if (!end.IsEmpty)
        {
            return Set(end);
        }

        Set(end);
        _bytes[0] = (byte)(keyspace + 1);
        return this;
    }
}
