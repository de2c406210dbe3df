using System.Net.Sockets;
using System.Text;

namespace RaftDb.Tests.Server.Api.Resp;

/// <summary>A client that sends bytes as they are told, and shows answers as they came: a line for each line of the protocol.</summary>
internal sealed class RespClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpClient _tcp;
    private readonly BufferedStream _stream;
    private readonly CancellationTokenSource _patience = new(Patience);

    private RespClient(TcpClient tcp)
    {
        _tcp = tcp;
        _tcp.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        _stream = new(tcp.GetStream());
    }

    public static async Task<RespClient> ConnectAsync(int port)
    {
        TcpClient tcp = new() { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", port);
        return new(tcp);
    }

    /// <summary>A command as an array of bulk strings.</summary>
    public static byte[] Command(params byte[][] arguments)
    {
        MemoryStream bytes = new();
        bytes.Write(Encoding.ASCII.GetBytes($"*{arguments.Length}\r\n"));
        foreach (byte[] argument in arguments)
        {
            bytes.Write(Encoding.ASCII.GetBytes($"${argument.Length}\r\n"));
            bytes.Write(argument);
            bytes.Write("\r\n"u8);
        }

        return bytes.ToArray();
    }

    public static byte[] Command(string line) => Command([.. line.Split(' ').Select(Encoding.UTF8.GetBytes)]);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _tcp.GetStream().WriteAsync(bytes, _patience.Token);
    }

    public Task SendAsync(string lines) => SendAsync(Encoding.UTF8.GetBytes(lines));

    /// <summary>Nothing more will be sent.</summary>
    public void EndSending() => _tcp.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Sends a command and gives its answer.</summary>
    public async Task<string> AskAsync(string line)
    {
        await SendAsync(Command(line));
        return Read();
    }

    /// <summary>The next answer with all its parts, lines joined by blanks; null when the connection has ended.</summary>
    public string? TryRead()
    {
        List<string> lines = [];
        return ReadInto(lines) ? string.Join(' ', lines) : null;
    }

    public string Read() => TryRead() ?? throw new EndOfStreamException("The connection has ended.");

    /// <summary>The lines of the next answer; false when the connection has ended.</summary>
    public bool ReadInto(List<string> lines)
    {
        if (ReadLine() is not { } head)
        {
            return false;
        }

        lines.Add(head);
        switch (head[0])
        {
            case '$' or '=' when head[1] != '-':
                lines.Add(ReadText(int.Parse(head.AsSpan(1))));
                break;
            case '*' or '%' or '~' when head[1] != '-':
                int parts = int.Parse(head.AsSpan(1)) * (head[0] == '%' ? 2 : 1);
                for (int i = 0; i < parts; i++)
                {
                    if (!ReadInto(lines))
                    {
                        throw new EndOfStreamException($"An answer ended after {string.Join(' ', lines)}");
                    }
                }

                break;
        }

        return true;
    }

    /// <summary>Whether the connection ends without another byte.</summary>
    public bool IsAtEnd()
    {
        try
        {
            return _stream.ReadByte() < 0;
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return true;
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _tcp.Dispose();
        _patience.Dispose();
    }

    private string? ReadLine()
    {
        StringBuilder line = new();
        while (true)
        {
            int next = Next();
            if (next < 0)
            {
                return line.Length == 0 ? null : throw new EndOfStreamException($"The connection ended within '{line}'.");
            }

            if (next == '\n')
            {
                Assert.That(line.Length > 1 && line[^1] == '\r', $"the line '{line}' does not end with CRLF, or is empty");
                return line.ToString(0, line.Length - 1);
            }

            line.Append((char)next);
        }
    }

    private string ReadText(int length)
    {
        byte[] bytes = new byte[length + 2];
        _stream.ReadExactly(bytes);
        Assert.That(bytes[^2..], Is.EqualTo("\r\n"u8.ToArray()));
        return length == 0 ? "(empty)" : Encoding.UTF8.GetString(bytes, 0, length);
    }

    private int Next()
    {
        try
        {
            return _stream.ReadByte();
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return -1;
        }
    }
}
