using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>
/// Asks over HTTP: the leader of the key's range, over a connection per node. The request's bytes are laid out once; only the key and the value's first bytes change.
/// </summary>
internal sealed class HttpTarget : IBenchTarget
{
    // "PUT /v1/kv/" and "GET /v1/kv/" are of one length.
    private const int KeyAt = 11;
    private const int KeyLength = 16;

    private readonly BenchSettings _settings;
    private readonly LeaderFinder _leaders;
    private readonly Random _random;
    private readonly Dictionary<Endpoint, LeanConnection> _connections = [];
    private readonly byte[] _put;
    private readonly byte[] _get;
    private readonly int _valueAt;
    private readonly int _number;
    private readonly bool _readsAnywhere;
    private int _nextNode;

    public HttpTarget(BenchSettings settings, LeaderFinder leaders, int number)
    {
        _settings = settings;
        _leaders = leaders;
        _number = number;
        _nextNode = number;
        _random = new Random((settings.Seed * 7_000_003) + number);
        string putQuery = settings.Ack is { } ack ? $"?ack={ack}" : "";
        _put = Encoding.ASCII.GetBytes(
            $"PUT /v1/kv/{new string('0', KeyLength)}{putQuery} HTTP/1.1\r\nHost: raftdb\r\nContent-Type: application/octet-stream\r\n"
            + string.Create(CultureInfo.InvariantCulture, $"Content-Length: {settings.ValueSize}\r\n\r\n")
            + new string('v', settings.ValueSize));
        _valueAt = _put.Length - settings.ValueSize;
        QueryText query = new("");
        settings.Read.AddTo(query);
        _get = Encoding.ASCII.GetBytes($"GET /v1/kv/{new string('0', KeyLength)}{query} HTTP/1.1\r\nHost: raftdb\r\n\r\n");
        _readsAnywhere = settings.Read.Replica is "any" or "follower"
            || (settings.Read.Replica is null && settings.Read.Consistency is "bounded" or "session" or "eventual");
    }

    public async ValueTask<string?> OneAsync(BenchOperation operation, int key, CancellationToken abort)
    {
        bool read = operation == BenchOperation.Read;
        byte[] request = read ? _get : _put;
        Memory<byte> place = request.AsMemory(KeyAt, KeyLength);
        Encoding.ASCII.GetBytes(BenchSettings.KeyOf(key), place.Span);
        if (!read && _settings.ValueSize >= 16)
        {
            // A value of its own each time, so that nothing on the way can fold equal writes.
            _random.NextInt64().TryFormat(request.AsSpan(_valueAt, 16), out _, "x16", CultureInfo.InvariantCulture);
        }

        Endpoint endpoint = read && _readsAnywhere
            ? _leaders.Map.Nodes[_nextNode++ % _leaders.Map.Nodes.Length]
            : _leaders.Map.LeaderOf(place.Span);
        try
        {
            if (!_connections.TryGetValue(endpoint, out LeanConnection? connection))
            {
                connection = await LeanConnection.ConnectAsync(endpoint, abort);
                _connections.Add(endpoint, connection);
            }

            LeanAnswer answer = await connection.SendAsync(request, abort);
            if (answer.Closes)
            {
                Drop(endpoint);
            }

            if (answer.Status is >= 200 and < 300)
            {
                return null;
            }

            string code = ErrorText.CodeOf(answer);
            if (answer.Status is 503 or 421 or 429)
            {
                await RecoverAsync(abort);
            }

            return code;
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            Drop(endpoint);
            await RecoverAsync(abort);
            return failure is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? "connection_refused" : "connection_broken";
        }
    }

    public void Dispose()
    {
        foreach (LeanConnection connection in _connections.Values)
        {
            connection.Dispose();
        }
    }

    /// <summary>A moment's pause, spread over the clients, then a look at who leads now. While nobody can be asked, the next request will tell.</summary>
    private async Task RecoverAsync(CancellationToken abort)
    {
        await Task.Delay(10 + (_number % 10), abort);
        await _leaders.TryRefreshAsync(abort);
    }

    private void Drop(Endpoint endpoint)
    {
        if (_connections.Remove(endpoint, out LeanConnection? connection))
        {
            connection.Dispose();
        }
    }
}
