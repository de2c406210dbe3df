namespace RaftDb.Storage.Disk;

/// <summary>The one door to files (SQLite's own files aside). Paths are relative to the store's directory, with '/'. All failures are
/// <see cref="IOException"/>; a full disk is <see cref="DiskFullException"/>.</summary>
public interface IDisk
{
    /// <summary>Opens a file for reading and writing.</summary>
    IDiskFile Open(string path, bool create);

    /// <summary>Whether the file exists.</summary>
    bool Exists(string path);

    /// <summary>Names (not paths) of the files in a directory, in ordinal order; empty when there is no such directory.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Creates the directory and its parents, durably.</summary>
    void CreateDirectory(string directory);

    /// <summary>Renames over an existing file; durable only after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Deletes the file, if it is there.</summary>
    void Delete(string path);

    /// <summary>Makes creations, renames and deletions in the directory durable.</summary>
    void SyncDirectory(string directory);
}

/// <summary>An open file. Writes may come from one thread while others read.</summary>
public interface IDiskFile : IDisposable
{
    /// <summary>Length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads up to the buffer's length at an offset; less only at the end of the file.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of the buffers, one after the other, at an offset.</summary>
    void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset);

    /// <summary>Reserves space and sets the length, so that later writes within it need no metadata sync.</summary>
    void Allocate(long length);

    /// <summary>Cuts or extends the file.</summary>
    void SetLength(long length);

    /// <summary>Returns when all written data is on stable storage (fdatasync).</summary>
    void Sync();
}

/// <summary>There is no room on the disk.</summary>
public sealed class DiskFullException(string message, Exception? inner = null) : IOException(message, inner);
