using System.Runtime.CompilerServices;

namespace RaftDb.Tests.DataDriven;

/// <summary>Where files of test data lie: tests read the copy beside their assembly; only a rewrite of golden files
/// (<c>REWRITE=1</c>) touches the source tree.</summary>
public static class Testdata
{
    /// <summary>Whether golden files are to be rewritten with what the code answers now.</summary>
    public static bool Rewrite => Environment.GetEnvironmentVariable("REWRITE") == "1";

    /// <summary>The copy of a file or folder below <c>testdata</c>.</summary>
    public static string Copy(string path) => Path.Combine(AppContext.BaseDirectory, "testdata", path);

    /// <summary>The original of a file below <c>testdata</c>, in the source tree that this assembly was built from.</summary>
    public static string Source(string path) => Path.Combine(ProjectFolder(), "testdata", path);

    private static string ProjectFolder([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, ".."));
}
