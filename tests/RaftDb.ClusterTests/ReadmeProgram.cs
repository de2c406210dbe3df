using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace RaftDb.ClusterTests;

/// <summary>The README's C# program, and what the README says that it prints.</summary>
/// <param name="Code">The whole program.</param>
/// <param name="Says">Its output.</param>
internal sealed partial record ReadmeProgram(string Code, string Says)
{
    private const string Servers = "127.0.0.1:8101,127.0.0.1:8102";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static ReadmeProgram Read()
    {
        string readme = File.ReadAllText(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../..", "README.md")));
        MatchCollection programs = Program().Matches(readme);
        Assert.That(programs, Has.Count.EqualTo(1), "the README has one C# program, and its output after it");
        return new(programs[0].Groups["code"].Value, programs[0].Groups["says"].Value.Trim());
    }

    /// <summary>Builds a project of exactly that text, but for the addresses, with the client that these tests have. Answers the program's path.</summary>
    public async Task<string> BuildAsync(string directory, string servers)
    {
        Assert.That(Code, Does.Contain(Servers));
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "Program.cs"), Code.Replace(Servers, servers, StringComparison.Ordinal));
        string[] libraries = [.. Directory.GetFiles(AppContext.BaseDirectory, "*.dll").Where(IsNeeded)];
        XElement project = new(
            "Project",
            new XAttribute("Sdk", "Microsoft.NET.Sdk"),
            new XElement(
                "PropertyGroup",
                new XElement("OutputType", "Exe"),
                new XElement("TargetFramework", "net10.0"),
                new XElement("Nullable", "enable"),
                new XElement("ImplicitUsings", "enable"),
                new XElement("NuGetAudit", "false"),
                new XElement("TreatWarningsAsErrors", "true")),
            new XElement("ItemGroup", libraries.Select(path => new XElement("Reference", new XAttribute("Include", Path.GetFileNameWithoutExtension(path)), new XElement("HintPath", path)))));
        await File.WriteAllTextAsync(Path.Combine(directory, "Readme.csproj"), project.ToString());
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["build", directory, "-v", "q", "-nologo", "--disable-build-servers"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process build = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience);
        Task<string> output = build.StandardOutput.ReadToEndAsync(patience.Token);
        Task<string> error = build.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await build.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!build.HasExited)
            {
                build.Kill(entireProcessTree: true);
            }
        }

        Assert.That(build.ExitCode, Is.Zero, $"{await output}{await error}");
        return Path.Combine(directory, "bin", "Debug", "net10.0", "Readme.dll");
    }

    /// <summary>The client, and what it needs beside the framework.</summary>
    private static bool IsNeeded(string path) =>
        Path.GetFileName(path) is "RaftDb.Client.dll" || Path.GetFileName(path).StartsWith("Polly.", StringComparison.Ordinal)
        || Path.GetFileName(path).StartsWith("Microsoft.Extensions.", StringComparison.Ordinal);

    [GeneratedRegex(@"```csharp\n(?<code>.*?)```\n.*?```\n(?<says>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Program();
}
