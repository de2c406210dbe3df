using System.Diagnostics;

namespace RaftDb.Cli.Drills.Faults;

/// <summary>A small file system in memory, mounted where a node's data goes, that can be filled up. Needs root.</summary>
internal sealed class MemoryVolume
{
    private readonly string _path;

    private MemoryVolume(string path) => _path = path;

    private string Filler => Path.Combine(_path, "filler");

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? Missing() =>
        !Environment.IsPrivilegedProcess ? "it mounts a small file system, and only root may do that."
        : !File.Exists("/bin/mount") && !File.Exists("/usr/bin/mount") ? "the command mount is not there."
        : null;

    public static MemoryVolume Mount(string path, int megabytes)
    {
        Directory.CreateDirectory(path);
        Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0700", "raftdb-drill", path);
        return new(path);
    }

    /// <summary>Writes until nothing fits any more.</summary>
    public void Fill()
    {
        byte[] block = new byte[4096];
        using FileStream filler = new(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                filler.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    /// <summary>Unmounts. What was on it is gone, unless it is to be kept.</summary>
    public void Unmount(bool keep)
    {
        string copy = _path + ".kept";
        if (keep)
        {
            File.Delete(Filler);
            Run("cp", "-a", _path, copy);
        }

        Run("umount", _path);
        if (keep)
        {
            Directory.Delete(_path);
            Directory.Move(copy, _path);
        }
    }

    private static void Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })
            ?? throw new RefusedException($"{command} could not be started.");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new RefusedException($"{command} {string.Join(' ', arguments)} failed: {error.Trim()}");
        }
    }
}
