using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>Checksums of the pages of database files, which SQLite itself doesn't have: without them a key that rots is a key that is not there. <see cref="StateFileVfs"/> writes
/// a checksum into the reserved bytes at the end of each page that goes into a database file, and refuses a page that is read whole and doesn't have it. What is in a WAL has SQLite's checksums.
/// <code>
/// page: SQLite's content | 8 reserved bytes, little-endian: checksum u32 | 0 u32
/// checksum: CRC-32C, started with the page's number, of four u32: the CRC-32C of every fourth 8 bytes of the content from the first, second, third and fourth on
/// </code>A page of nothing but zeros passes: SQLite leaves such where it has given up a page before it was ever written. As part of a tree SQLite refuses it itself.</summary>
internal static unsafe class PageChecksums
{
    /// <summary>What a page is to leave free at its end.</summary>
    public const int ReservedBytes = 8;

    /// <summary>What <see cref="PageBytesOf"/> looks at.</summary>
    public const int HeaderBytes = 100;

    private const int PageSizeOffset = 16;
    private const int ReservedOffset = 20;
    private const uint Start = 0xFFFFFFFF;

    /// <summary>Whether the pages of an open database, of which something was read, have checksums. Those that were made before there were any don't get them. SQLite is asked and not the file: who closes a file of
    /// an open database gives up SQLite's locks on it.</summary>
    public static bool AreIn(SqliteDatabase database)
    {
        int reserved = -1;
        SqliteFailure.ThrowUnlessOk(SqliteNative.sqlite3_file_control(database.Handle, "main", SqliteNative.ControlReserveBytes, &reserved), database, "asking for checksums");
        return reserved == ReservedBytes;
    }

    /// <summary>Gives all pages of a database file, which nobody has open, the checksums that they should have, durably. For a file that another program has written to.</summary>
    public static void Renew(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        byte[] header = new byte[HeaderBytes];
        int pageBytes = RandomAccess.Read(file, header, 0) == HeaderBytes ? PageBytesOf(header) : 0;
        if (pageBytes == 0)
        {
            return;
        }

        byte[] page = new byte[pageBytes];
        for (long offset = 0; RandomAccess.Read(file, page, offset) == pageBytes; offset += pageBytes)
        {
            if (!IsGood(page, offset))
            {
                Write(page, offset);
                RandomAccess.Write(file, page, offset);
            }
        }

        RandomAccess.FlushToDisk(file);
    }

    /// <summary>The checksum of a page's content, a multiple of 8 bytes. Four sums go side by side, because the processor's instruction takes longer than it takes to begin the next one.</summary>
    internal static uint Of(ReadOnlySpan<byte> content, uint page)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(content);
        uint first = Start, second = Start, third = Start, fourth = Start;
        while (words.Length >= 4)
        {
            first = BitOperations.Crc32C(first, words[0]);
            second = BitOperations.Crc32C(second, words[1]);
            third = BitOperations.Crc32C(third, words[2]);
            fourth = BitOperations.Crc32C(fourth, words[3]);
            words = words[4..];
        }

        first = words.Length > 0 ? BitOperations.Crc32C(first, words[0]) : first;
        second = words.Length > 1 ? BitOperations.Crc32C(second, words[1]) : second;
        third = words.Length > 2 ? BitOperations.Crc32C(third, words[2]) : third;
        uint sum = BitOperations.Crc32C(BitOperations.Crc32C(Start, page), first);
        return BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(sum, second), third), fourth);
    }

    /// <summary>Puts a page's checksum into it. <paramref name="offset"/>: where the page is in its file.</summary>
    public static void Write(Span<byte> page, long offset) =>
        BinaryPrimitives.WriteUInt64LittleEndian(page[^ReservedBytes..], Of(page[..^ReservedBytes], PageAt(offset, page.Length)));

    /// <summary>Whether a page has the checksum that it should have there.</summary>
    public static bool IsGood(ReadOnlySpan<byte> page, long offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(page[^ReservedBytes..]) == Of(page[..^ReservedBytes], PageAt(offset, page.Length)) || !page.ContainsAnyExcept((byte)0);

    /// <summary>Page size of a file whose pages have checksums; 0 for any other file.</summary>
    public static int PageBytesOf(ReadOnlySpan<byte> header)
    {
        int size = BinaryPrimitives.ReadUInt16BigEndian(header[PageSizeOffset..]);
        return header.StartsWith(SqliteDatabase.FileMagic) && header[ReservedOffset] == ReservedBytes ? (size == 1 ? 65536 : size) : 0;
    }

    private static uint PageAt(long offset, int pageBytes) => (uint)(offset / pageBytes) + 1;
}
