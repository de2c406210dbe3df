using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RaftDb.Tests.Tidy;

/// <summary>The checkout that these tests were built from.</summary>
public static class Repository
{
    private static readonly string[] BuildFolders = ["bin", "obj", ".git", ".vs", ".idea", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts"];
    private static readonly Lazy<IReadOnlyList<string>> AllPaths = new(FindPaths);
    private static readonly Lazy<IReadOnlyList<SourceFile>> AllTexts = new(() => [.. AllPaths.Value.Select(Read).OfType<SourceFile>()]);

    public static string Root { get; } = FindRoot();

    /// <summary>Paths of all files that are, or would be, under version control.</summary>
    public static IReadOnlyList<string> Paths => AllPaths.Value;

    /// <summary>All of them that are text.</summary>
    public static IReadOnlyList<SourceFile> Texts => AllTexts.Value;

    public static bool Exists(string path) =>
        File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path));

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        for (string? folder = Path.GetDirectoryName(thisFile); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "RaftDb.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException("RaftDb.sln is in no folder above the tests: they must run where they were built.");
    }

    private static IReadOnlyList<string> FindPaths() =>
        [.. (GitPaths() ?? WalkedPaths()).Where(path => File.Exists(Path.Combine(Root, path))).Order(StringComparer.Ordinal)];

    /// <summary>What git says, new files too; null where there is no git or this is no clone.</summary>
    private static List<string>? GitPaths()
    {
        ProcessStartInfo start = new("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process git = Process.Start(start)!;
            // Drained, so that a chatty git never waits for a reader.
            git.BeginErrorReadLine();
            string output = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 ? [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries)] : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static IEnumerable<string> WalkedPaths()
    {
        Stack<string> folders = new([Root]);
        while (folders.TryPop(out string? folder))
        {
            foreach (string below in Directory.GetDirectories(folder).Where(f => !BuildFolders.Contains(Path.GetFileName(f))))
            {
                folders.Push(below);
            }

            foreach (string file in Directory.GetFiles(folder))
            {
                yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
            }
        }
    }

    private static SourceFile? Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(Root, path));
        return bytes.AsSpan(0, Math.Min(bytes.Length, 8000)).Contains((byte)0) ? null : new SourceFile(path, File.ReadAllText(Path.Combine(Root, path)));
    }
}
