using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>Checksums of the pages of database files, which SQLite itself doesn't have: without them a key that rots is a key that is not there. A VFS of SQLite's does nothing else than the default one but to write
/// a checksum into the reserved bytes at the end of each page that goes into a database file, and to refuse a page that is read whole and doesn't have it (SQLITE_IOERR_DATA). What is in a WAL has SQLite's checksums.
/// <code>
/// page: SQLite's content | 8 reserved bytes, little-endian: checksum u32 | 0 u32
/// checksum: CRC-32C, started with the page's number, of four u32: the CRC-32C of every fourth 8 bytes of the content from the first, second, third and fourth on
/// </code>A page of nothing but zeros passes: SQLite leaves such where it has given up a page before it was ever written. As part of a tree SQLite refuses it itself.</summary>
internal static unsafe class PageChecksums
{
    /// <summary>What a page is to leave free at its end.</summary>
    public const int ReservedBytes = 8;

    private const int MainDatabase = 0x100;
    private const int HeaderBytes = 100;
    private const int PageSizeOffset = 16;
    private const int ReservedOffset = 20;
    private const int SmallestPage = 512;
    private const uint Start = 0xFFFFFFFF;

    /// <summary>In place of a page size: the file is empty, and what is written first tells.</summary>
    private const int New = -1;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<nint, nint> Patched = [];
    private static Vfs* _default;
    private static nint _name;

    /// <summary>The VFS's name, for opening a connection. SQLite has been loaded before.</summary>
    public static nint VfsName
    {
        get
        {
            lock (Gate)
            {
                return _name != 0 ? _name : Register();
            }
        }
    }

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

    private static nint Register()
    {
        _default = (Vfs*)SqliteNative.sqlite3_vfs_find(0);
        var vfs = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
        *vfs = *_default;
        vfs->Next = 0;
        vfs->Name = Marshal.StringToCoTaskMemUTF8("raftdb-checksums");
        vfs->FileBytes += sizeof(long);
        vfs->Open = &Open;
        int code = SqliteNative.sqlite3_vfs_register((nint)vfs, 0);
        if (code != SqliteNative.Ok)
        {
            throw new StorageFailedException($"SQLite refuses the checks of its pages: {SqliteFailure.Meaning(code)}.") { SqliteCode = code };
        }

        return _name = vfs->Name;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* name, FileObject* file, int flags, int* outFlags)
    {
        int code = _default->Open(_default, name, file, flags, outFlags);
        if (code == SqliteNative.Ok && (flags & MainDatabase) != 0)
        {
            byte* header = stackalloc byte[HeaderBytes];
            int read = file->Methods->Read(file, header, HeaderBytes, 0);
            *PageBytesIn(file) = read switch
            {
                SqliteNative.Ok => PageBytesOf(new(header, HeaderBytes)),
                SqliteNative.ShortRead => New,
                _ => 0,
            };
            file->Methods = Patch(file->Methods);
        }

        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(FileObject* file, byte* buffer, int bytes, long offset)
    {
        int code = ((PatchedMethods*)file->Methods)->Read(file, buffer, bytes, offset);
        return code != SqliteNative.Ok || bytes != *PageBytesIn(file) || (offset & (bytes - 1)) != 0 || IsGood(new(buffer, bytes), offset)
            ? code
            : SqliteNative.DamagedData;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(FileObject* file, byte* buffer, int bytes, long offset)
    {
        int pageBytes = *PageBytesIn(file);
        if (pageBytes != 0 && bytes >= SmallestPage && (offset & (bytes - 1)) == 0 && (bytes == pageBytes || pageBytes == New))
        {
            // The buffer is a page of SQLite's, which only it looks at, and not at what it reserves.
            Write(new(buffer, bytes), offset);
            *PageBytesIn(file) = bytes;
        }

        return ((PatchedMethods*)file->Methods)->Write(file, buffer, bytes, offset);
    }

    private static void Write(Span<byte> page, long offset) =>
        BinaryPrimitives.WriteUInt64LittleEndian(page[^ReservedBytes..], Of(page[..^ReservedBytes], PageAt(offset, page.Length)));

    private static bool IsGood(ReadOnlySpan<byte> page, long offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(page[^ReservedBytes..]) == Of(page[..^ReservedBytes], PageAt(offset, page.Length)) || !page.ContainsAnyExcept((byte)0);

    private static uint PageAt(long offset, int pageBytes) => (uint)(offset / pageBytes) + 1;

    /// <summary>Page size of a file whose pages have checksums; 0 for any other file.</summary>
    private static int PageBytesOf(ReadOnlySpan<byte> header)
    {
        int size = BinaryPrimitives.ReadUInt16BigEndian(header[PageSizeOffset..]);
        return header.StartsWith(SqliteDatabase.FileMagic) && header[ReservedOffset] == ReservedBytes ? (size == 1 ? 65536 : size) : 0;
    }

    /// <summary>What is known of an open file stands behind the default VFS's own object.</summary>
    private static int* PageBytesIn(FileObject* file) => (int*)((byte*)file + _default->FileBytes);

    /// <summary>The methods of an open file of the default VFS, two of them replaced. There are few such tables in a process, and they stay.</summary>
    private static IoMethods* Patch(IoMethods* methods)
    {
        lock (Gate)
        {
            ref nint patched = ref CollectionsMarshal.GetValueRefOrAddDefault(Patched, (nint)methods, out bool isThere);
            if (!isThere)
            {
                var made = (PatchedMethods*)NativeMemory.AllocZeroed((nuint)sizeof(PatchedMethods));
                made->Methods = *methods;
                made->Methods.Read = &Read;
                made->Methods.Write = &Write;
                made->Read = methods->Read;
                made->Write = methods->Write;
                patched = (nint)made;
            }

            return (IoMethods*)patched;
        }
    }

    /// <summary>sqlite3_file.</summary>
    private struct FileObject
    {
        public IoMethods* Methods;
    }

    /// <summary>sqlite3_io_methods, version 3, of 64-bit processes; what is only passed on has no name here.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 152)]
    private struct IoMethods
    {
        [FieldOffset(16)]
        public delegate* unmanaged[Cdecl]<FileObject*, byte*, int, long, int> Read;

        [FieldOffset(24)]
        public delegate* unmanaged[Cdecl]<FileObject*, byte*, int, long, int> Write;
    }

    /// <summary>A table of ours, and behind it what it took the place of.</summary>
    private struct PatchedMethods
    {
        public IoMethods Methods;
        public delegate* unmanaged[Cdecl]<FileObject*, byte*, int, long, int> Read;
        public delegate* unmanaged[Cdecl]<FileObject*, byte*, int, long, int> Write;
    }

    /// <summary>sqlite3_vfs, version 3, of 64-bit processes; what is only passed on has no name here.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 168)]
    private struct Vfs
    {
        [FieldOffset(4)]
        public int FileBytes;

        [FieldOffset(16)]
        public nint Next;

        [FieldOffset(24)]
        public nint Name;

        [FieldOffset(40)]
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, FileObject*, int, int*, int> Open;
    }
}
