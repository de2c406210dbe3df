using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RaftDb.Tests.Client;

/// <summary>A node's HTTP side, scripted by a test. It answers over real sockets, so that broken connections are real too.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<FakeRequest, FakeAnswer> _answer;
    private readonly string _nodes;
    private readonly List<Task> _connections = [];
    private readonly List<FakeRequest> _requests = [];
    private readonly Task _accepting;

    /// <param name="answer">What it answers.</param>
    /// <param name="nodes">What it says of the nodes.</param>
    public FakeNode(Func<FakeRequest, FakeAnswer> answer, string nodes = """{"items":[]}""")
    {
        _answer = answer;
        _nodes = nodes;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    public IReadOnlyList<FakeRequest> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>An address where nobody listens.</summary>
    public static string ClosedAddress()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return $"127.0.0.1:{port}";
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _connections.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            NetworkStream stream = client.GetStream();
            try
            {
                while (await FakeRequest.ReadAsync(stream, _stop.Token) is { } request)
                {
                    if (request.Target == "/v1/nodes")
                    {
                        // Where RESP is served: nowhere. Clients ask before anything else, which is not what these tests are about.
                        await stream.WriteAsync(FakeAnswer.Of(200, _nodes).Bytes, _stop.Token);
                        continue;
                    }

                    lock (_requests)
                    {
                        _requests.Add(request);
                    }

                    FakeAnswer answer = _answer(request);
                    if (answer.Silent)
                    {
                        await Task.Delay(Timeout.Infinite, _stop.Token);
                    }

                    if (answer.Bytes is not { } bytes)
                    {
                        return;
                    }

                    await stream.WriteAsync(bytes, _stop.Token);
                }
            }
            catch (Exception over) when (over is OperationCanceledException or IOException)
            {
                // The client or the test is done with this connection.
            }
        }
    }
}

/// <summary>What a client sent.</summary>
internal sealed record FakeRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public static async Task<FakeRequest?> ReadAsync(Stream stream, CancellationToken cancel)
    {
        List<byte> head = [];
        byte[] one = new byte[1];
        while (head.Count < 4 || !head[^4..].SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, cancel) == 0)
            {
                return null;
            }

            head.Add(one[0]);
        }

        string[] lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.Skip(1))
        {
            int colon = line.IndexOf(':');
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        byte[] body = new byte[headers.TryGetValue("Content-Length", out string? length) ? int.Parse(length) : 0];
        await stream.ReadExactlyAsync(body, cancel);
        string[] first = lines[0].Split(' ');
        return new(first[0], first[1], headers, body);
    }
}

/// <summary>What the fake node does: answer these bytes, break the connection, or say nothing.</summary>
internal sealed record FakeAnswer(byte[]? Bytes, bool Silent = false)
{
    public static readonly FakeAnswer Break = new((byte[]?)null);

    public static readonly FakeAnswer Silence = new(null, Silent: true);

    public static FakeAnswer Of(int status, string body, string type = "application/json", params string[] headers) => new(Encoding.UTF8.GetBytes(
        $"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"
        + string.Concat(headers.Select(header => header + "\r\n")) + "\r\n" + body));

    public static FakeAnswer Problem(int status, string code, string more = "", params string[] headers) =>
        Of(status, $$"""{"code":"{{code}}","detail":"because of the test"{{more}}}""", "application/problem+json", headers);

    public static FakeAnswer PutDone() => Of(200, """{"range":2,"index":17,"version":3}""");
}
