using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>
/// One of the load generator's clients: one request at a time, to the leader of its key's range, over a connection per node.
/// The request's bytes are laid out once; only the key and the value's first bytes change.
/// </summary>
internal sealed class BenchClient : IDisposable
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
    private int _nextNode;
    private long _done;
    private volatile bool _isMeasuring;

    public BenchClient(BenchSettings settings, LeaderFinder leaders, int number)
    {
        _settings = settings;
        _leaders = leaders;
        _number = number;
        _nextNode = number;
        _random = new Random((settings.Seed * 1_000_003) + number);
        string putQuery = settings.Ack is { } ack ? $"?ack={ack}" : "";
        _put = Encoding.ASCII.GetBytes(
            $"PUT /v1/kv/{new string('0', KeyLength)}{putQuery} HTTP/1.1\r\nHost: raftdb\r\nContent-Type: application/octet-stream\r\n"
            + string.Create(CultureInfo.InvariantCulture, $"Content-Length: {settings.ValueSize}\r\n\r\n")
            + new string('v', settings.ValueSize));
        _valueAt = _put.Length - settings.ValueSize;
        QueryText query = new("");
        settings.Read.AddTo(query);
        _get = Encoding.ASCII.GetBytes($"GET /v1/kv/{new string('0', KeyLength)}{query} HTTP/1.1\r\nHost: raftdb\r\n\r\n");
        ReadsAnywhere = settings.Read.Replica is "any" or "follower"
            || (settings.Read.Replica is null && settings.Read.Consistency is "bounded" or "session" or "eventual");
    }

    public LatencyHistogram Latencies { get; } = new();

    public SortedDictionary<string, long> Errors { get; } = new(StringComparer.Ordinal);

    /// <summary>Read by the progress display while the client runs.</summary>
    public long Done => Volatile.Read(ref _done);

    private bool ReadsAnywhere { get; }

    /// <summary>What begins from now on counts. Errors count from the start.</summary>
    public void Measure() => _isMeasuring = true;

    /// <summary>Runs until told to stop; requests under way then are finished and count.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        while (!stop.IsCancellationRequested)
        {
            bool read = _settings.Workload switch
            {
                "read" => true,
                "write" => false,
                _ => _random.NextDouble() < _settings.ReadShare,
            };
            await OneAsync(read, abort);
        }
    }

    public void Dispose()
    {
        foreach (LeanConnection connection in _connections.Values)
        {
            connection.Dispose();
        }
    }

    private async ValueTask OneAsync(bool read, CancellationToken abort)
    {
        byte[] request = read ? _get : _put;
        Memory<byte> key = request.AsMemory(KeyAt, KeyLength);
        Encoding.ASCII.GetBytes(BenchSettings.KeyOf(_random.Next(_settings.Keys)), key.Span);
        if (!read && _settings.ValueSize >= 16)
        {
            // A value of its own each time, so that nothing on the way can fold equal writes.
            _random.NextInt64().TryFormat(request.AsSpan(_valueAt, 16), out _, "x16", CultureInfo.InvariantCulture);
        }

        Endpoint endpoint = read && ReadsAnywhere
            ? _leaders.Map.Nodes[_nextNode++ % _leaders.Map.Nodes.Length]
            : _leaders.Map.LeaderOf(key.Span);
        bool counts = _isMeasuring;
        long started = Stopwatch.GetTimestamp();
        try
        {
            if (!_connections.TryGetValue(endpoint, out LeanConnection? connection))
            {
                connection = await LeanConnection.ConnectAsync(endpoint, abort);
                _connections.Add(endpoint, connection);
            }

            LeanAnswer answer = await connection.SendAsync(request, abort);
            if (answer.Status is >= 200 and < 300)
            {
                if (counts)
                {
                    Latencies.Record((long)(Stopwatch.GetElapsedTime(started).TotalNanoseconds));
                }

                Volatile.Write(ref _done, _done + 1);
            }
            else
            {
                Count(ErrorText.CodeOf(answer));
            }

            if (answer.Closes)
            {
                Drop(endpoint);
            }

            if (answer.Status is 503 or 421 or 429)
            {
                await RecoverAsync(abort);
            }
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            Count(failure is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? "connection_refused" : "connection_broken");
            Drop(endpoint);
            await RecoverAsync(abort);
        }
    }

    /// <summary>A moment's pause, spread over the clients, then a look at who leads now.</summary>
    private async Task RecoverAsync(CancellationToken abort)
    {
        try
        {
            await Task.Delay(10 + (_number % 10), abort);
            await _leaders.RefreshAsync(abort);
        }
        catch (RaftDbException failure)
        {
            Count($"routing_{failure.Code}");
        }
    }

    private void Drop(Endpoint endpoint)
    {
        if (_connections.Remove(endpoint, out LeanConnection? connection))
        {
            connection.Dispose();
        }
    }

    private void Count(string code) => Errors[code] = Errors.GetValueOrDefault(code) + 1;
}

/// <summary>Finds the code in an error answer without reading its JSON properly: enough for counting.</summary>
internal static class ErrorText
{
    public static string CodeOf(LeanAnswer answer)
    {
        ReadOnlySpan<byte> body = answer.Body.Span;
        int at = body.IndexOf("\"code\""u8);
        if (at >= 0)
        {
            body = body[(at + 6)..];
            int open = body.IndexOf((byte)'"');
            int close = open < 0 ? -1 : body[(open + 1)..].IndexOf((byte)'"');
            if (close > 0)
            {
                return Encoding.UTF8.GetString(body.Slice(open + 1, close));
            }
        }

        return $"http_{answer.Status}";
    }
}
