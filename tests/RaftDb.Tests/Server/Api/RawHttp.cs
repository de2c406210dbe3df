using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace RaftDb.Tests.Server.Api;

/// <summary>An answer as it came over the wire.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? this[string header] => Headers.GetValueOrDefault(header);

    /// <summary>The problem's code; fails when this is no well-formed problem.</summary>
    public string Code
    {
        get
        {
            Assert.That(this["Content-Type"], Is.EqualTo("application/problem+json"), Text);
            Assert.That(Json.GetProperty("status").GetInt32(), Is.EqualTo(Status));
            return Json.GetProperty("code").GetString()!;
        }
    }

    public string Detail => Json.GetProperty("detail").GetString()!;
}

/// <summary>HTTP by hand: HttpClient would tidy up the request targets that are to be tested.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<RawAnswer> SendAsync(int port, string method, string target, byte[]? body, params string[] headers)
    {
        using CancellationTokenSource patience = new(Patience);
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port, patience.Token);
        NetworkStream stream = client.GetStream();
        await WriteRequestAsync(stream, method, target, body, headers, patience.Token);
        return await ReadAnswerAsync(stream);
    }

    /// <summary>Reads until the server closes the connection.</summary>
    public static async Task<RawAnswer> ReadAnswerAsync(Stream stream)
    {
        using CancellationTokenSource patience = new(Patience);
        using MemoryStream answer = new();
        await stream.CopyToAsync(answer, patience.Token);
        return Parse(answer.ToArray());
    }

    public static async Task WriteRequestAsync(
        Stream stream, string method, string target, byte[]? body, IEnumerable<string> headers, CancellationToken cancel)
    {
        StringBuilder head = new();
        head.Append(method).Append(' ').Append(target).Append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        foreach (string header in headers)
        {
            head.Append(header).Append("\r\n");
        }

        if (body is not null)
        {
            head.Append("Content-Length: ").Append(body.Length.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
        }

        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), cancel);
        await stream.WriteAsync(body ?? [], cancel);
    }

    private static RawAnswer Parse(byte[] bytes)
    {
        int end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.That(end, Is.GreaterThan(0), "no answer");
        string[] lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        Dictionary<string, string> headers = lines.Skip(1)
            .Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        byte[] body = bytes[(end + 4)..];
        return new(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, headers.ContainsKey("Transfer-Encoding") ? Dechunk(body) : body);
    }

    private static byte[] Dechunk(byte[] body)
    {
        using MemoryStream whole = new();
        int at = 0;
        while (true)
        {
            int line = at + body.AsSpan(at).IndexOf("\r\n"u8);
            int length = int.Parse(Encoding.Latin1.GetString(body, at, line - at), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0)
            {
                return whole.ToArray();
            }

            whole.Write(body, line + 2, length);
            at = line + 2 + length + 2;
        }
    }
}
