using System.Diagnostics;

namespace RaftDb.ClusterTests;

/// <summary>The tools and client libraries of Redis against three processes. Each test needs its tool, and says so when the machine has none: .ci/run installs them.</summary>
[NonParallelizable]
internal sealed class RespClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-resp-").FullName;
    private NodeCluster _cluster = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = new(_directory);
        await _cluster.StartAllAsync();
    }

    [OneTimeTearDown]
    public void Remove()
    {
        _cluster.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Test]
    public async Task Redis_cli_speaks_to_every_node()
    {
        string commands = "SET colour blue\nGET colour\nINCR visits\nMULTI\nINCR visits\nGET visits\nEXEC\nKEYS col*\nRDB.CAS colour 1 green\nNOPE\n";
        Assert.That(
            (await RunAsync("redis-cli", commands, "-p", $"{_cluster.RespPort(1)}")).Split('\n', StringSplitOptions.RemoveEmptyEntries),
            Is.EqualTo(new[] { "OK", "blue", "1", "OK", "QUEUED", "QUEUED", "2", "2", "colour", "2", "ERR unknown command 'NOPE'" }));
        for (int node = 1; node <= 3; node++)
        {
            Assert.That((await RunAsync("redis-cli", "", "-3", "-p", $"{_cluster.RespPort(node)}", "MGET", "colour", "visits")).Split('\n'), Is.EqualTo(new[] { "green", "2", "" }));
        }

        // Both interfaces count with the same text.
        (int exitCode, string visits, string error) = await Raftdb.RunAsync("get", "visits", "--server", _cluster.Server(2));
        Assert.That((exitCode, visits.Trim()), Is.EqualTo((0, "2")), error);
    }

    [TestCase(1)]
    [TestCase(16)]
    public async Task Redis_benchmark_runs_to_the_end_without_an_error(int pipeline)
    {
        string output = await RunAsync(
            "redis-benchmark", "", "-p", $"{_cluster.RespPort(2)}", "-t", "set,get,incr,mset", "-n", "5000", "-c", "20", "-P", $"{pipeline}", "-d", "100", "--csv");
        string[] tests = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',')[0])];
        Assert.That(tests, Is.SupersetOf(new[] { "\"SET\"", "\"GET\"", "\"INCR\"", "\"MSET (10 keys)\"" }), output);
        Assert.That(output, Does.Not.Contain("rror"));
    }

    [TestCase("redis")]
    [TestCase("ioredis")]
    public async Task A_client_library_of_node_works(string library)
    {
        string? modules = Environment.GetEnvironmentVariable("RAFTDB_TEST_NPM");
        if (modules is null || !Directory.Exists(Path.Combine(modules, "node_modules", library)))
        {
            Assert.Ignore($"The npm package {library} is not there: set RAFTDB_TEST_NPM to the directory that `npm install --prefix` was told, as .ci/run does.");
        }

        // Modules are looked for above the script.
        string script = Path.Combine(modules, $"{library}-test.mjs");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "node", $"{library}.mjs"), script, overwrite: true);
        string output = await RunAsync("node", "", script, $"{_cluster.RespPort(1)}");
        Assert.That(output.Trim(), Does.EndWith("ok"), output);
    }

    private static async Task<string> RunAsync(string tool, string input, params IEnumerable<string> arguments)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, tool))))
        {
            Assert.Ignore($"{tool} is not installed.");
        }

        ProcessStartInfo start = new(tool, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), patience.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(patience.Token);
            Assert.That(process.ExitCode, Is.Zero, $"{await output}{await error}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
