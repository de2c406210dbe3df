using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RaftDb.Storage.StateMachines.Sqlite;

/// <summary>The VFS through which SQLite opens state files. It does nothing else than the default one but that pages of database files get checksums and are refused without
/// (<see cref="PageChecksums"/>; SQLITE_IOERR_DATA), and that what is written to a database or its WAL begins its way to the disk early (<see cref="WriteBehind"/>), after which who writes may rest.</summary>
internal static unsafe class StateFileVfs
{
    private const int MainDatabase = 0x100;
    private const int Wal = 0x80000;
    private const int SmallestPage = 512;

    /// <summary>In place of a page size: the file is empty, and what is written first tells.</summary>
    private const int New = -1;

    [ThreadStatic]
    private static Action? _afterPiece;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<nint, nint> Patched = [];
    private static Vfs* _default;
    private static nint _name;

    /// <summary>The VFS's name, for opening a connection. SQLite has been loaded before.</summary>
    public static nint Name
    {
        get
        {
            lock (Gate)
            {
                return _name != 0 ? _name : Register();
            }
        }
    }

    /// <summary>What is called on this thread, from now on, after each piece (<see cref="WriteBehind.PieceBytes"/>) that SQLite has written to a database or a WAL; null: nothing. It does not throw.</summary>
    public static void CallAfterPieces(Action? action) => _afterPiece = action;

    private static nint Register()
    {
        _default = (Vfs*)SqliteNative.sqlite3_vfs_find(0);
        var vfs = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
        *vfs = *_default;
        vfs->Next = 0;
        vfs->Name = Marshal.StringToCoTaskMemUTF8("raftdb");
        vfs->FileBytes += sizeof(Known);
        vfs->Open = &Open;
        int code = SqliteNative.sqlite3_vfs_register((nint)vfs, 0);
        if (code != SqliteNative.Ok)
        {
            throw new StorageFailedException($"SQLite refuses our way to its files: {SqliteFailure.Meaning(code)}.") { SqliteCode = code };
        }

        return _name = vfs->Name;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* name, FileObject* file, int flags, int* outFlags)
    {
        int code = _default->Open(_default, name, file, flags, outFlags);
        if (code == SqliteNative.Ok && (flags & (MainDatabase | Wal)) != 0)
        {
            *KnownOf(file) = new() { Name = name, PageBytes = (flags & MainDatabase) != 0 ? PageBytesIn(file) : 0 };
            file->Methods = Patch(file->Methods);
        }

        return code;
    }

    /// <summary>Page size of a database file that has just been opened, if its pages have checksums.</summary>
    private static int PageBytesIn(FileObject* file)
    {
        byte* header = stackalloc byte[PageChecksums.HeaderBytes];
        return file->Methods->Read(file, header, PageChecksums.HeaderBytes, 0) switch
        {
            SqliteNative.Ok => PageChecksums.PageBytesOf(new(header, PageChecksums.HeaderBytes)),
            SqliteNative.ShortRead => New,
            _ => 0,
        };
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(FileObject* file, byte* buffer, int bytes, long offset)
    {
        int code = ((PatchedMethods*)file->Methods)->Read(file, buffer, bytes, offset);
        return code != SqliteNative.Ok || bytes != KnownOf(file)->PageBytes || (offset & (bytes - 1)) != 0 || PageChecksums.IsGood(new(buffer, bytes), offset)
            ? code
            : SqliteNative.DamagedData;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(FileObject* file, byte* buffer, int bytes, long offset)
    {
        Known* known = KnownOf(file);
        int pageBytes = known->PageBytes;
        if (pageBytes != 0 && bytes >= SmallestPage && (offset & (bytes - 1)) == 0 && (bytes == pageBytes || pageBytes == New))
        {
            // The buffer is a page of SQLite's, which only it looks at, and not at what it reserves.
            PageChecksums.Write(new(buffer, bytes), offset);
            known->PageBytes = bytes;
        }

        int code = ((PatchedMethods*)file->Methods)->Write(file, buffer, bytes, offset);
        if ((known->Written += bytes) >= WriteBehind.PieceBytes)
        {
            known->Written = 0;
            known->Descriptor = WriteBehind.Begin(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(known->Name), known->Descriptor);
            _afterPiece?.Invoke();
        }

        return code;
    }

    /// <summary>What is known of an open file stands behind the default VFS's own object.</summary>
    private static Known* KnownOf(FileObject* file) => (Known*)((byte*)file + _default->FileBytes);

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

    private struct Known
    {
        /// <summary>As SQLite names it; stays until the file is closed.</summary>
        public byte* Name;

        /// <summary>0: without checksums.</summary>
        public int PageBytes;

        /// <summary>Bytes since they last began to be written.</summary>
        public int Written;

        /// <summary>See <see cref="WriteBehind.Begin"/>.</summary>
        public int Descriptor;
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
