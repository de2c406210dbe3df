using System.Globalization;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>One register that a writer keeps increasing, and a linearizable reader on every node.</summary>
internal sealed class RegisterLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<RaftDbClient> _clients = [];
    private readonly Task _all;
    private readonly string _key;

    public RegisterLoad(string key, ClusterProcesses cluster, RegisterCheck check)
    {
        _key = key;
        Check = check;
        RaftDbClientOptions options = new() { Timeout = TimeSpan.FromSeconds(10), AttemptTimeout = TimeSpan.FromSeconds(8) };
        RaftDbClient writer = Add(new RaftDbClient(cluster.HttpEndpoints, options with { AttemptTimeout = TimeSpan.FromSeconds(1) }));
        List<Task> tasks = [Task.Run(() => WriteAsync(writer))];
        foreach (NodeProcess node in cluster.Nodes)
        {
            RaftDbClient reader = Add(new RaftDbClient([node.Http], options));
            tasks.Add(Task.Run(() => ReadAsync(reader, node.Id)));
        }

        _all = Task.WhenAll(tasks);
    }

    public RegisterCheck Check { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _all;
        foreach (RaftDbClient client in _clients)
        {
            await client.DisposeAsync();
        }

        _stop.Dispose();
    }

    private RaftDbClient Add(RaftDbClient client)
    {
        _clients.Add(client);
        return client;
    }

    private async Task WriteAsync(RaftDbClient client)
    {
        // The condition keeps a late duplicate from setting the register back: only this writer's next step fits the version.
        for (long value = 1; !_stop.IsCancellationRequested; value++)
        {
            try
            {
                ulong version = (await client.GetAsync(_key, ReadOptions.Linearizable, CancellationToken.None))?.Version ?? 0;
                await client.PutAsync(
                    _key, value.ToString(CultureInfo.InvariantCulture), new WriteOptions { IfVersion = version }, CancellationToken.None);
                Check.Acknowledged(value);
            }
            catch (RaftDbException)
            {
                // Its outcome doesn't matter: the value is never used again, and readers only must not go back.
                await Task.Delay(5, CancellationToken.None);
            }
        }
    }

    private async Task ReadAsync(RaftDbClient client, ulong node)
    {
        ReadOptions options = new() { Consistency = "linearizable", Replica = node.ToString(CultureInfo.InvariantCulture) };
        while (!_stop.IsCancellationRequested)
        {
            long floor = Check.Begin();
            try
            {
                Entry? entry = await client.GetAsync(_key, options, CancellationToken.None);
                long value = entry is null ? 0 : long.Parse(new Bytes(entry.Value).ToString(), CultureInfo.InvariantCulture);
                Check.Read(node, value, floor);
            }
            catch (RaftDbException)
            {
                // No answer is not a wrong answer.
                await Task.Delay(5, CancellationToken.None);
            }
        }
    }
}
