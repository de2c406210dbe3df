using System.Globalization;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>How many clients do what to which keys.</summary>
/// <param name="Clients">Clients that do everything.</param>
/// <param name="Keys">How many keys.</param>
/// <param name="Writers">Over how many writers' ranges the keys spread; as for <see cref="DrillKeys.SplitKeys"/>.</param>
/// <param name="Seed">What the clients choose comes from it.</param>
internal sealed record HistoryLoadSettings(int Clients, int Keys, int Writers, int Seed)
{
    /// <summary>The longest pause between two operations of a client. 10 ms: thousands of operations a second are enough, and leave a check in reasonable time.</summary>
    public int LongestPauseMs { get; init; } = 10;
}

/// <summary>
/// Clients that put, delete, compare-and-set, increment and read at all consistencies on all replicas, until stopped; and for each
/// node a client that asks this node alone for linearizable reads, and waits for its answer long: what a node says that was cut off or
/// stood still is what matters most.
/// </summary>
internal sealed class HistoryLoad : IAsyncDisposable
{
    private static readonly string[] Places = ["any", "leader", "follower"];

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly List<RaftDbClient> _connections = [];
    private readonly IReadOnlyList<NodeProcess> _nodes;
    private readonly HistoryLoadSettings _settings;
    private readonly Task _all;

    public HistoryLoad(HistoryRecorder recorder, ClusterProcesses cluster, HistoryLoadSettings settings, int firstClient)
    {
        _settings = settings;
        _nodes = cluster.Nodes;
        RaftDbClientOptions options = new() { Protocol = ClientProtocol.Http, Timeout = TimeSpan.FromSeconds(6), AttemptTimeout = TimeSpan.FromSeconds(2.5) };
        List<Task> tasks = [];
        for (int i = 0; i < settings.Clients; i++)
        {
            int number = firstClient + i;
            IReadOnlyList<Endpoint> order = [.. cluster.HttpEndpoints.Skip(i % _nodes.Count), .. cluster.HttpEndpoints.Take(i % _nodes.Count)];
            HistoryClient client = new(number, Connect(order, options), recorder);
            tasks.Add(Task.Run(() => MixAsync(client, new Random(HashCode.Combine(settings.Seed, number)))));
        }

        for (int i = 0; i < _nodes.Count; i++)
        {
            int number = firstClient + settings.Clients + i;
            ulong node = _nodes[i].Id;
            HistoryClient client = new(number, Connect([_nodes[i].Http], options with { Timeout = TimeSpan.FromSeconds(12), AttemptTimeout = null }), recorder);
            tasks.Add(Task.Run(() => AskNodeAsync(client, node, new Random(HashCode.Combine(settings.Seed, number)))));
        }

        _all = Task.WhenAll(tasks);
    }

    /// <summary>How many client numbers a load takes.</summary>
    public static int ClientsOf(HistoryLoadSettings settings, ClusterProcesses cluster) => settings.Clients + cluster.Nodes.Count;

    /// <summary>Registers, and every fourth a counter.</summary>
    public static string Key(HistoryLoadSettings settings, int key) => DrillKeys.Register(key % settings.Writers, key);

    /// <summary>No new operations; those under way are seen to their end.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _all;
    }

    public async ValueTask DisposeAsync()
    {
        await _abort.CancelAsync();
        await StopAsync();
        foreach (RaftDbClient connection in _connections)
        {
            await connection.DisposeAsync();
        }

        _stop.Dispose();
        _abort.Dispose();
    }

    private static bool IsCounter(int key) => key % 4 == 3;

    private RaftDbClient Connect(IReadOnlyList<Endpoint> nodes, RaftDbClientOptions options)
    {
        RaftDbClient connection = new(nodes, options);
        _connections.Add(connection);
        return connection;
    }

    private async Task MixAsync(HistoryClient client, Random random)
    {
        while (!_stop.IsCancellationRequested)
        {
            int number = Choose(random);
            string key = Key(_settings, number);
            await (random.Next(100) switch
            {
                < 45 => client.ReadAsync(key, Read(random), _abort.Token),
                _ when IsCounter(number) => client.IncrementAsync(key, random.Next(1, 4), _abort.Token),
                < 75 => client.PutAsync(key, _abort.Token),

                // Low versions are common, because deletes begin anew.
                < 92 => client.CompareAndSetAsync(key, (ulong)random.Next(6), _abort.Token),
                _ => client.DeleteAsync(key, _abort.Token),
            });
            await PauseAsync(random);
        }
    }

    private async Task AskNodeAsync(HistoryClient client, ulong node, Random random)
    {
        ReadOptions options = new() { Consistency = "linearizable", Replica = node.ToString(CultureInfo.InvariantCulture) };
        while (!_stop.IsCancellationRequested)
        {
            await client.ReadAsync(Key(_settings, Choose(random)), options, _abort.Token);
            await PauseAsync(random);
        }
    }

    /// <summary>Half of the operations meet on a tenth of the keys.</summary>
    private int Choose(Random random) => random.Next(2) == 0 ? random.Next(Math.Max(1, _settings.Keys / 10)) : random.Next(_settings.Keys);

    private ReadOptions Read(Random random)
    {
        int place = random.Next(Places.Length + _nodes.Count);
        string replica = place < Places.Length ? Places[place] : _nodes[place - Places.Length].Id.ToString(CultureInfo.InvariantCulture);
        return random.Next(8) switch
        {
            < 3 => new() { Consistency = "linearizable", Replica = replica },
            < 5 => new() { Consistency = "bounded", Replica = replica, MaxStaleness = TimeSpan.FromMilliseconds(random.Next(50, 3000)) },
            < 7 => new() { Consistency = "session", Replica = replica },
            _ => new() { Consistency = "eventual", Replica = replica },
        };
    }

    private async Task PauseAsync(Random random)
    {
        try
        {
            await Task.Delay(random.Next(_settings.LongestPauseMs + 1), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }
}
