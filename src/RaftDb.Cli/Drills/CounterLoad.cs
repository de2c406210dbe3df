using System.Net;
using RaftDb.Client;

namespace RaftDb.Cli.Drills;

/// <summary>
/// Clients that count in sessions: each keeps many increments under way at once, through any node, loses connections on purpose besides, and sends every increment
/// again under its sequence until it has an answer. In the end each counter must be just what was issued.
/// </summary>
internal sealed class CounterLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly SocketsHttpHandler _handler = new() { ConnectTimeout = TimeSpan.FromMilliseconds(500), AllowAutoRedirect = false };
    private readonly HttpClient _http;
    private readonly CounterClient[] _clients;
    private readonly Task _all;

    public CounterLoad(IReadOnlyList<Endpoint> nodes, int clients, int writers, int seed)
    {
        _http = new HttpClient(_handler)
        {
            DefaultRequestVersion = HttpVersion.Version11,

            // Each attempt has a time of its own.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _clients = [.. Enumerable.Range(0, clients).Select(i => new CounterClient(
            _http, nodes, DrillKeys.Register(i * writers / clients, 900 + i), new Random(HashCode.Combine(seed, i))))];
        _all = Task.WhenAll(_clients.Select(client => Task.Run(() => client.RunAsync(_stop.Token, _abort.Token))));
    }

    /// <summary>Increments that were answered.</summary>
    public long Issued => _clients.Sum(client => client.Issued);

    /// <summary>Attempts beyond the first of an increment.</summary>
    public long Repeated => _clients.Sum(client => client.Repeated);

    /// <summary>No new increments; those under way are repeated until they are answered.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _all;
    }

    /// <summary>What is wrong with what the nodes hold.</summary>
    public IEnumerable<string> Check(IReadOnlyDictionary<ulong, IReadOnlyDictionary<string, string>> replicas)
    {
        foreach (CounterClient client in _clients)
        {
            if (client.Refused is { } refused)
            {
                yield return $"An increment of {client.Key} was refused: {refused}";
            }

            foreach ((ulong node, IReadOnlyDictionary<string, string> rows) in replicas)
            {
                string held = rows.GetValueOrDefault(client.Key, "0");
                if (held != client.Issued.ToString(System.Globalization.CultureInfo.InvariantCulture))
                {
                    yield return $"Counter {client.Key} is {held} on node {node}, and {client.Issued} increments were issued.";
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _abort.CancelAsync();
        await StopAsync();
        _http.Dispose();
        _handler.Dispose();
        _stop.Dispose();
        _abort.Dispose();
    }
}
