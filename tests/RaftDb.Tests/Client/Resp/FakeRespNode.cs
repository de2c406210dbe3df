using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RaftDb.Tests.Client.Resp;

/// <summary>A node's RESP side, scripted by a test, and an HTTP side that names it. One range, which it leads.</summary>
internal sealed class FakeRespNode : IAsyncDisposable
{
    /// <summary>What it says to break the connection, or to say nothing.</summary>
    public const string Break = "break";
    public const string Silence = "silence";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string[], string> _answer;
    private readonly FakeNode _http;
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private readonly List<string> _commands = [];

    /// <param name="answer">What it answers to a command, as bytes of the protocol with \n for the ends of lines.</param>
    public FakeRespNode(Func<string[], string> answer)
    {
        _answer = answer;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _http = new(_ => FakeAnswer.Of(200, "{}"), $$"""{"items":[{"id":1,"resp":"127.0.0.1:{{Port}}","peer":"x","alive":true}]}""");
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>What clients are given.</summary>
    public string Address => _http.Address;

    /// <summary>The commands that came, their arguments put together with blanks; what every connection begins with is left out.</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            lock (_commands)
            {
                return [.. _commands];
            }
        }
    }

    /// <summary>What it answers when asked for the routes, if not that it is alone and leads.</summary>
    public Func<string>? Routes { get; set; }

    /// <summary>The answer of one who knows these nodes, numbered from 1, with replicas of one range.</summary>
    public static string RoutesOf(int leader, int term, params FakeRespNode[] nodes)
    {
        string known = string.Concat(nodes.Select((node, at) => $"*4\n:{at + 1}\n$-1\n$15\n127.0.0.1:{node.Port:00000}\n:1\n"));
        string replicas = string.Concat(nodes.Select((_, at) => $":{at + 1}\n"));
        return $"*5\n$1\nc\n:1\n:1700000000000\n*{nodes.Length}\n{known}*1\n*7\n:2\n$0\n\n$-1\n:1\n:{leader}\n:{term}\n*{nodes.Length}\n{replicas}";
    }

    /// <summary>The answer to a put.</summary>
    public static string PutDone(int version = 1, int index = 17) => $"*10\n:1\n:2\n:{index}\n:7\n:1\n:0\n:0\n*1\n*6\n+put\n:{version}\n:{index}\n$-1\n:0\n:0\n*-1\n*-1\n";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections);
        await _http.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
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
            StreamReader lines = new(stream, Encoding.Latin1);
            try
            {
                while (await lines.ReadLineAsync(_stop.Token) is { } head)
                {
                    string[] arguments = new string[int.Parse(head.AsSpan(1))];
                    for (int i = 0; i < arguments.Length; i++)
                    {
                        await lines.ReadLineAsync(_stop.Token);
                        arguments[i] = (await lines.ReadLineAsync(_stop.Token))!;
                    }

                    string answer = Answer(arguments);
                    if (answer == Break)
                    {
                        return;
                    }

                    if (answer == Silence)
                    {
                        await Task.Delay(Timeout.Infinite, _stop.Token);
                    }

                    await stream.WriteAsync(Encoding.Latin1.GetBytes(answer.ReplaceLineEndings("\r\n")), _stop.Token);
                }
            }
            catch (Exception over) when (over is OperationCanceledException or IOException)
            {
                // The client or the test is done with this connection.
            }
        }
    }

    private string Answer(string[] arguments)
    {
        switch (arguments[0])
        {
            case "HELLO":
                return "*0\n";
            case "PING":
                return "+PONG\n";
            case "RDB.ROUTES":
                return Routes?.Invoke() ?? RoutesOf(leader: 1, term: 7, this);
            default:
                lock (_commands)
                {
                    _commands.Add(string.Join(' ', arguments));
                }

                return _answer(arguments);
        }
    }
}
