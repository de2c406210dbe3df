using System.Text.RegularExpressions;

namespace RaftDb.Tests.Tidy;

/// <summary>The consensus core knows no thread, clock, file, network, log or randomness but its own: only then do a simulator and a replayed seed see what production sees.</summary>
public static partial class PureCoreRule
{
    private const string Folder = "src/RaftDb.Raft";

    public static IEnumerable<Finding> Check(SourceFile file)
    {
        if (!file.IsBelow(Folder) || !file.HasExtension(".cs"))
        {
            yield break;
        }

        for (int i = 0; i < file.CodeLines.Count; i++)
        {
            foreach (Match match in Impure().Matches(file.CodeLines[i]))
            {
                yield return new(
                    file.Path,
                    i + 1,
                    $"'{match.Value.Trim()}' does not belong into {Folder}: hand the time, the seed or the result in as an input, and do I/O and waiting in src/RaftDb.Server/Replicas.");
            }
        }
    }

    [GeneratedRegex(
        @"(?<!\.)\b(Task|ValueTask|TaskCompletionSource|CancellationToken|DateTime|DateTimeOffset|TimeProvider|Stopwatch|Thread|ThreadPool|Monitor|Interlocked|Volatile|Semaphore(Slim)?|Lock|File|FileStream|Directory|Stream|Socket|NetworkStream|ILogger|Console)\b"
        + @"|\basync\b|\bawait\b|\bvolatile\b|\block\s*\(|\bRandom\.Shared\b|\bSystem\.Random\b|\bnew\s+Random\b|\bRandom\s+\w+\s*[=;,)]"
        + @"|\bEnvironment\.TickCount|\bGuid\.NewGuid\b|\bSystem\.(IO|Net|Threading|Diagnostics\.Stopwatch|Console)\b|\bMicrosoft\.Extensions\b|\bSerilog\b")]
    private static partial Regex Impure();
}
