using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftDb.Storage.Disk;

/// <summary>The real disk: files below one directory. Any thread may use it.</summary>
public sealed class PosixDisk : IDisk
{
    private const int Interrupted = 4; // EINTR
    private readonly string _root;

    /// <summary>Files below <paramref name="root"/>, which is created when it is missing.</summary>
    public PosixDisk(string root)
    {
        _root = Path.GetFullPath(root);
        CreateDirectory("");
    }

    /// <inheritdoc/>
    public IDiskFile Open(string path, bool create)
    {
        string full = Full(path);
        return Guard("open", full, () => new PosixDiskFile(
            File.OpenHandle(full, create ? FileMode.OpenOrCreate : FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete),
            full));
    }

    /// <inheritdoc/>
    public bool Exists(string path) => File.Exists(Full(path));

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string directory)
    {
        string full = Full(directory);
        return Guard<IReadOnlyList<string>>("list", full, () =>
        {
            if (!Directory.Exists(full))
            {
                return [];
            }

            var names = Directory.GetFiles(full).Select(f => Path.GetFileName(f)!).ToArray();
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        });
    }

    /// <inheritdoc/>
    public void CreateDirectory(string directory)
    {
        string full = Full(directory);
        Guard("create", full, () =>
        {
            // Each new level is durable only once the level above is synced; so they are made one by one, from the top.
            var missing = new Stack<string>();
            for (string? at = full; at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            {
                missing.Push(at);
            }

            foreach (string level in missing)
            {
                Directory.CreateDirectory(level);
                if (Path.GetDirectoryName(level) is { } above)
                {
                    SyncFullDirectory(above);
                }
            }

            return true;
        });
    }

    /// <inheritdoc/>
    public void Rename(string from, string to)
    {
        string full = Full(from);
        Guard("rename", full, () =>
        {
            File.Move(full, Full(to), overwrite: true);
            return true;
        });
    }

    /// <inheritdoc/>
    public void Delete(string path)
    {
        string full = Full(path);
        Guard("delete", full, () =>
        {
            File.Delete(full);
            return true;
        });
    }

    /// <inheritdoc/>
    public void SyncDirectory(string directory) => SyncFullDirectory(Full(directory));

    private static void SyncFullDirectory(string full)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals names by itself, and directories can't be opened for a flush.
        }

        int descriptor = LibC.Open(full, LibC.ReadOnlyCloseOnExec);
        if (descriptor < 0)
        {
            throw DiskErrors.FromErrno(Marshal.GetLastPInvokeError(), "open the directory", full);
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        while (LibC.SyncAll(handle) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Interrupted)
            {
                throw DiskErrors.FromErrno(errno, "sync the directory", full);
            }
        }
    }

    private string Full(string path) => path.Length == 0 ? _root : Path.Combine(_root, path);

    private static T Guard<T>(string what, string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.Translate(e, what, path);
        }
    }
}
