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
        string output = await RunAsync("node", "", Script(library, $"{library}.mjs"), $"{_cluster.RespPort(1)}");
        Assert.That(output.Trim(), Does.EndWith("ok"), output);
    }

    [TestCase("redis", 2)]
    [TestCase("redis", 3)]
    [TestCase("ioredis", 2)]
    [TestCase("ioredis", 3)]
    public async Task A_client_library_of_node_connects_again_after_its_node_the_leader_was_killed(string library, int protocol)
    {
        string script = Script(library, "failover.mjs");
        int leader = await _cluster.LeaderAsync(2);
        using Process node = Start("node", script, library, $"{protocol}", $"{_cluster.RespPort(leader)}");
        using CancellationTokenSource patience = new(Patience);
        try
        {
            Task<string> error = node.StandardError.ReadToEndAsync(patience.Token);
            Assert.That(await node.StandardOutput.ReadLineAsync(patience.Token), Is.EqualTo("writing"));
            _cluster.Kill(leader);
            Assert.That(await node.StandardOutput.ReadLineAsync(patience.Token), Is.EqualTo("disconnected"));
            _cluster.Start(leader);
            await _cluster.ReadyAsync(leader);
            string output = await node.StandardOutput.ReadToEndAsync(patience.Token);
            await node.WaitForExitAsync(patience.Token);
            Assert.That(output.Trim(), Does.StartWith("ok"), $"{output}{await error}");
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill();
            }
        }
    }

    /// <summary>A copy of a script where it finds the library: modules are looked for above the script.</summary>
    private static string Script(string library, string name)
    {
        string? modules = Environment.GetEnvironmentVariable("RAFTDB_TEST_NPM");
        if (modules is null || !Directory.Exists(Path.Combine(modules, "node_modules", library)))
        {
            Assert.Ignore($"The npm package {library} is not there: copy package.json and package-lock.json of tests/RaftDb.ClusterTests/node to a directory, run `npm ci` there, and set RAFTDB_TEST_NPM to it, as .ci/run does.");
        }

        string script = Path.Combine(modules, $"{library}-{name}");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "node", name), script, overwrite: true);
        return script;
    }

    private static Process Start(string tool, params IEnumerable<string> arguments)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, tool))))
        {
            Assert.Ignore($"{tool} is not installed.");
        }

        return Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static async Task<string> RunAsync(string tool, string input, params IEnumerable<string> arguments)
    {
        using Process process = Start(tool, arguments);
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
