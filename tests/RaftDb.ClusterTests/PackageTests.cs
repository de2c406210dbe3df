using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace RaftDb.ClusterTests;

/// <summary>What was built can be packed, and the packages have what they should.</summary>
[NonParallelizable]
internal sealed class PackageTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-packages-").FullName;

    [OneTimeTearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [TestCase("RaftDb.Client", "Polly.Core", "Microsoft.Extensions.Caching.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Options.ConfigurationExtensions")]
    [TestCase("RaftDb.Raft")]
    [TestCase("RaftDb.Storage", "RaftDb.Raft", "Microsoft.Data.Sqlite.Core")]
    [TestCase("RaftDb.Server", "RaftDb.Client", "RaftDb.Raft", "RaftDb.Storage")]
    public async Task A_package_has_its_library_documentation_symbols_readme_and_licence(string package, params string[] needs)
    {
        await PackAsync(package);
        using ZipArchive content = await ZipFile.OpenReadAsync(Directory.GetFiles(_directory, $"{package}.*.nupkg").Single());
        string[] names = [.. content.Entries.Select(entry => entry.FullName)];
        Assert.That(names, Is.SupersetOf(new[] { $"lib/net10.0/{package}.dll", $"lib/net10.0/{package}.xml", "README.md", "LICENSE" }));
        using ZipArchive symbols = await ZipFile.OpenReadAsync(Directory.GetFiles(_directory, $"{package}.*.snupkg").Single());
        Assert.That(symbols.Entries.Select(entry => entry.FullName), Does.Contain($"lib/net10.0/{package}.pdb"));

        await using Stream nuspec = await content.GetEntry($"{package}.nuspec")!.OpenAsync();
        XElement metadata = (await XDocument.LoadAsync(nuspec, LoadOptions.None, CancellationToken.None)).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
        Assert.That(Text(metadata, "license"), Is.EqualTo("MIT"));
        Assert.That(Text(metadata, "readme"), Is.EqualTo("README.md"));
        Assert.That(Text(metadata, "description"), Is.Not.Null.And.Not.EqualTo("Package Description"));
        string[] dependencies = [.. metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => (string)element.Attribute("id")!)];
        Assert.That(dependencies, Is.SupersetOf(needs));
    }

    private static string? Text(XElement metadata, string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value;

    /// <summary>Packs what was built with these tests: nothing is compiled.</summary>
    private async Task PackAsync(string package)
    {
        string configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        string project = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../..", "src", package));
        ProcessStartInfo start = new(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["pack", project, "-c", configuration, "--no-build", "-o", _directory, "-v", "q", "-nologo", "--disable-build-servers"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process pack = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience);
        try
        {
            Task<string> output = pack.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> error = pack.StandardError.ReadToEndAsync(patience.Token);
            await pack.WaitForExitAsync(patience.Token);
            Assert.That(pack.ExitCode, Is.Zero, $"{await output}{await error}");
        }
        finally
        {
            if (!pack.HasExited)
            {
                pack.Kill(entireProcessTree: true);
            }
        }
    }
}
