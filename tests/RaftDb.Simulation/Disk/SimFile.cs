using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.Disk;

/// <summary>A file as the operating system shows it and as it stands on the platter: sectors written since the last sync differ.</summary>
internal sealed class SimFile
{
    private byte[] _bytes = [];
    private byte[] _platter = [];
    private ulong[] _pending = [];
    private bool _any;

    public long Length => _bytes.Length;

    /// <summary>The end of what was ever written (not only reserved).</summary>
    public long Written { get; private set; }

    /// <summary>Whether there are sectors that no sync has covered.</summary>
    public bool IsPending => _any;

    /// <summary>What a running process sees.</summary>
    public byte[] Bytes => _bytes;

    /// <summary>What a power cut can't take away.</summary>
    public byte[] Platter => _platter;

    public int Read(Span<byte> buffer, long offset)
    {
        int count = (int)Math.Clamp(_bytes.Length - offset, 0, buffer.Length);
        _bytes.AsSpan((int)Math.Min(offset, _bytes.Length), count).CopyTo(buffer);
        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        bytes.CopyTo(_bytes.AsSpan((int)offset));
        long last = (offset + bytes.Length - 1) / SimDisk.SectorSize;
        for (long sector = offset / SimDisk.SectorSize; sector <= last; sector++)
        {
            _pending[sector >> 6] |= 1UL << (int)(sector & 63);
        }

        _any = true;
        if (bytes.ContainsAnyExcept((byte)0))
        {
            Written = Math.Max(Written, offset + bytes.Length);
        }
    }

    public void Grow(long length)
    {
        Array.Resize(ref _bytes, (int)length);
        Array.Resize(ref _pending, (int)((length / SimDisk.SectorSize / 64) + 1));
    }

    public void Cut(long length)
    {
        Array.Resize(ref _bytes, (int)length);
        Written = Math.Min(Written, length);
    }

    public void Sync()
    {
        if (_platter.Length != _bytes.Length)
        {
            Array.Resize(ref _platter, _bytes.Length);
        }

        if (!_any)
        {
            return;
        }

        for (int word = 0; word < _pending.Length; word++)
        {
            for (ulong left = _pending[word]; left != 0; left &= left - 1)
            {
                Save((word * 64) + System.Numerics.BitOperations.TrailingZeroCount(left));
            }

            _pending[word] = 0;
        }

        _any = false;
    }

    /// <summary>A sync failed: the operating system takes the pages for clean from now on, and the platter never gets them.</summary>
    public void Forget()
    {
        Array.Clear(_pending);
        _any = false;
    }

    /// <summary>Keeps each pending sector in so many of a million cases; what is reserved and was not written reads as zeros.</summary>
    public void PowerCut(SimRandom random, int keep)
    {
        Array.Resize(ref _platter, Math.Max(_platter.Length, _bytes.Length));
        for (int word = 0; word < _pending.Length; word++)
        {
            for (ulong left = _pending[word]; left != 0; left &= left - 1)
            {
                if (random.Chance(keep))
                {
                    Save((word * 64) + System.Numerics.BitOperations.TrailingZeroCount(left));
                }
            }
        }

        Array.Resize(ref _bytes, _platter.Length);
        _platter.CopyTo(_bytes, 0);
        Array.Resize(ref _pending, (_bytes.Length / SimDisk.SectorSize / 64) + 1);
        Array.Clear(_pending);
        _any = false;
    }

    public void Flip(long offset, int bit)
    {
        _bytes[offset] ^= (byte)(1 << bit);
        if (offset < _platter.Length)
        {
            _platter[offset] ^= (byte)(1 << bit);
        }
    }

    private void Save(int sector)
    {
        int start = sector * SimDisk.SectorSize;
        int length = Math.Min(SimDisk.SectorSize, Math.Min(_bytes.Length, _platter.Length) - start);
        if (length > 0)
        {
            _bytes.AsSpan(start, length).CopyTo(_platter.AsSpan(start));
        }
    }
}
