using System.Globalization;
using RaftDb.Benchmarks.Comparison.Processes;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>A primary with two standbys, of which one must have a commit on disk before it is acknowledged; loads come from pgbench.</summary>
internal sealed class PostgresSystem : ISystem
{
    private const int Standbys = 2;

    /// <summary>Where Debian keeps the server's programs, newest first.</summary>
    private static readonly string[] Directories =
        Directory.Exists("/usr/lib/postgresql") ? [.. Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(version => Path.Combine(version, "bin"))] : [];

    private readonly List<ServerProcess> _servers = [];
    private int[] _ports = [];
    private string _scripts = "";

    public string Name => "PostgreSQL";

    public IReadOnlyList<int> Pids => [.. _servers.Where(server => server.Runs).Select(server => server.Pid)];

    /// <summary>The server refuses to run as root; it becomes this user then.</summary>
    private static string[] AsUser => Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : ["env"];

    public Task<string?> MissingAsync(CancellationToken cancel) =>
        Task.FromResult(Program("postgres") is null || Program("initdb") is null || Program("pgbench") is null ? "PostgreSQL with pgbench (Debian: postgresql-15)" : null);

    public async Task<string> VersionAsync(CancellationToken cancel) =>
        $"{(await Tool.RunAsync(Program("postgres")!, ["--version"], cancel)).Trim()}, synchronous_standby_names = 'ANY 1', shared_buffers 1 GB; by way of pgbench, a connection for each client, upserts by prepared statements; batches are one statement; reads are of the primary";

    public async Task StartAsync(string directory, CancellationToken cancel)
    {
        _scripts = directory;
        if (AsUser.Length > 1)
        {
            await Tool.RunAsync("chown", ["postgres", directory], cancel);
        }

        _ports = Ports.Free(1 + Standbys);
        string primary = Path.Combine(directory, "0");
        await AsUserAsync(cancel, Program("initdb")!, "-D", primary, "-U", "bench", "-A", "trust", "--no-instructions");
        await File.AppendAllTextAsync(
            Path.Combine(primary, "postgresql.conf"),
            $"""
            listen_addresses = '127.0.0.1'
            unix_socket_directories = ''
            max_connections = 1200
            shared_buffers = 1GB
            max_wal_size = 8GB
            wal_level = replica
            max_wal_senders = 10
            hot_standby = on

            """,
            cancel);
        Serve(0, primary);
        await AnswersAsync(0, cancel);
        for (int standby = 1; standby <= Standbys; standby++)
        {
            string data = Path.Combine(directory, $"{standby}");
            await AsUserAsync(cancel, Program("pg_basebackup")!, "-d", $"host=127.0.0.1 port={_ports[0]} user=bench application_name=s{standby}", "-D", data, "-R", "-X", "stream", "-c", "fast");
            Serve(standby, data);
            await AnswersAsync(standby, cancel);
        }

        await SqlAsync("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (s1, s2)'", cancel);
        await SqlAsync("SELECT pg_reload_conf()", cancel);
        await SqlAsync("CREATE TABLE bench (k text COLLATE \"C\" PRIMARY KEY, v bytea NOT NULL)", cancel);
    }

    public bool Supports(Load load) => load.Kind is LoadKind.Put or LoadKind.Get or LoadKind.Mixed or LoadKind.Batch or LoadKind.Scan && load.ValueSize <= 10_000;

    public Task FillAsync(int keys, int valueSize, CancellationToken cancel) => SqlAsync(
        $"INSERT INTO bench SELECT {PostgresScripts.Key("n")}, {PostgresScripts.Value(valueSize)} FROM generate_series(0, {keys - 1}) AS n ON CONFLICT (k) DO UPDATE SET v = excluded.v", cancel);

    public async Task<LoadFigures> RunAsync(Load load, string variant, double seconds, double warmUpSeconds, CancellationToken cancel)
    {
        string[] scripts = [.. await Task.WhenAll(PostgresScripts.Of(load).Select(async (one, i) =>
        {
            string path = Path.Combine(_scripts, $"{load.Kind}-{i}.sql");
            await File.WriteAllTextAsync(path, one.Text, cancel);
            return $"{path}@{one.Weight}";
        }))];
        await BenchAsync(scripts, load, warmUpSeconds, [], cancel);
        string log = Path.Combine(_scripts, "latency");
        string output = await BenchAsync(scripts, load, seconds, ["--log", $"--log-prefix={log}"], cancel);

        // client, transaction, microseconds, script, seconds, microseconds
        List<double> latencies = [];
        foreach (string file in Directory.GetFiles(_scripts, "latency.*"))
        {
            latencies.AddRange(File.ReadLines(file).Select(line => double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture) / 1000));
            File.Delete(file);
        }

        latencies.Sort();
        double At(double share) => latencies.Count == 0 ? 0 : latencies[(int)(share * (latencies.Count - 1))];
        string rate = output.Split('\n').FirstOrDefault(line => line.StartsWith("tps = ", StringComparison.Ordinal))?.Split(' ')[2] ?? throw new ComparisonException($"pgbench said: {output}");
        double perSecond = double.Parse(rate, CultureInfo.InvariantCulture) * load.OperationsPerRequest;
        return new() { OpsPerSecond = perSecond, Driven = perSecond * (seconds + warmUpSeconds), Errors = 0, P50Ms = At(0.5), P99Ms = At(0.99), P999Ms = At(0.999) };
    }

    public async Task StopAsync(CancellationToken cancel)
    {
        foreach (ServerProcess server in _servers)
        {
            // Fast shutdown: with the mere SIGTERM it would wait for its clients.
            await Tool.RunAsync("kill", ["-INT", $"{server.Pid}"], cancel);
            await server.StopAsync(cancel);
        }

        Dispose();
    }

    public void Dispose()
    {
        _servers.ForEach(static server => server.Dispose());
        _servers.Clear();
    }

    private static string? Program(string name) => Tool.Find(name, Directories);

    private static Task AsUserAsync(CancellationToken cancel, params IEnumerable<string> command)
    {
        string[] all = [.. AsUser, .. command];
        return Tool.RunAsync(all[0], all[1..], cancel, "/");
    }

    private void Serve(int server, string data)
    {
        string[] command = [.. AsUser, Program("postgres")!, "-D", data, "-p", $"{_ports[server]}"];
        ServerProcess process = new($"{data}.out", command[0], command[1..]);
        process.Start();
        _servers.Add(process);
    }

    private Task AnswersAsync(int server, CancellationToken cancel) => Waiting.UntilAsync(
        $"PostgreSQL's server {server}",
        TimeSpan.FromSeconds(30),
        async () =>
        {
            try
            {
                await Tool.RunAsync(Program("pg_isready")!, ["-h", "127.0.0.1", "-p", $"{_ports[server]}"], cancel);
                return true;
            }
            catch (ComparisonException)
            {
                // It starts still.
                return false;
            }
        },
        cancel);

    private Task<string> SqlAsync(string sql, CancellationToken cancel) =>
        Tool.RunAsync(Program("psql")!, ["-h", "127.0.0.1", "-p", $"{_ports[0]}", "-U", "bench", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", sql], cancel);

    private Task<string> BenchAsync(IEnumerable<string> scripts, Load load, double seconds, IEnumerable<string> more, CancellationToken cancel) => Tool.RunAsync(
        Program("pgbench")!,
        [
            "-h", "127.0.0.1", "-p", $"{_ports[0]}", "-U", "bench", "-n", "-M", "prepared", .. scripts.SelectMany(script => (string[])["-f", script]), "-c", $"{load.Clients}", "-j", $"{Math.Min(2, load.Clients)}",
            "-T", $"{Math.Max(1, Math.Ceiling(seconds)):0}", .. more, "postgres",
        ],
        cancel);
}
