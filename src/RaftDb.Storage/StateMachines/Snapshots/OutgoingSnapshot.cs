using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using RaftDb.Raft.Log;

namespace RaftDb.Storage.StateMachines.Snapshots;

/// <summary>A finished copy, read at any offset by any thread until it is disposed.</summary>
internal sealed class OutgoingSnapshot : ISnapshotSource
{
    private const int HashBufferBytes = 256 << 10;

    private readonly string _path;
    private readonly SafeFileHandle _file;

    private OutgoingSnapshot(string path, SafeFileHandle file, SnapshotHeader header)
    {
        _path = path;
        _file = file;
        Header = header;
    }

    public SnapshotMetadata Metadata => Header.Metadata;

    public SnapshotHeader Header { get; }

    /// <summary>Opens the copy and hashes it.</summary>
    public static OutgoingSnapshot Open(string path, StateMeta meta)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[HashBufferBytes];
            long length = 0;
            int read;
            while ((read = RandomAccess.Read(file, buffer, length)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                length += read;
            }

            var metadata = new SnapshotMetadata(meta.Applied, meta.Configuration);
            return new(path, file, new(metadata, meta.Descriptor, length, Convert.ToHexStringLower(hash.GetHashAndReset())));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public int Read(Span<byte> buffer, long offset) => RandomAccess.Read(_file, buffer, offset);

    public void Dispose()
    {
        if (!_file.IsClosed)
        {
            _file.Dispose();
            File.Delete(_path);
        }
    }
}
