using System.Globalization;
using RaftDb.Client.Protocol;

namespace RaftDb.Client.Http;

/// <summary>A request, before it is known which node it goes to.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Target">Path and query, encoded.</param>
/// <param name="Body">What is sent; null = nothing.</param>
/// <param name="Safety">What may be done when its outcome isn't known.</param>
internal sealed record RequestSpec(HttpMethod Method, string Target, ReadOnlyMemory<byte>? Body, Safety Safety)
{
    public string ContentType { get; init; } = "application/octet-stream";

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Which node must answer; null = any.</summary>
    public Endpoint? Only { get; init; }

    /// <summary>Built anew for each attempt: a message can be sent once only.</summary>
    public HttpRequestMessage ToMessage(Endpoint endpoint, TimeSpan remaining)
    {
        // The key's bytes must arrive as they were encoded: no folding of dots, no decoding.
        Uri uri = new($"http://{endpoint}{Target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        HttpRequestMessage message = new(Method, uri);
        if (Safety != Safety.Read)
        {
            // Even an empty body is given as one: without a body the handler would itself send the request a second time
            // when a kept-alive connection breaks, and a write must not be done twice unnoticed.
            message.Content = new ReadOnlyMemoryContent(Body ?? ReadOnlyMemory<byte>.Empty);
            if (Body is not null)
            {
                message.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
            }
        }

        foreach ((string name, string value) in Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        // Nodes refuse to promise an answer after more than a minute.
        long milliseconds = Math.Clamp((long)remaining.TotalMilliseconds, 1, 60_000);
        message.Headers.TryAddWithoutValidation(HeaderNames.TimeoutMs, milliseconds.ToString(CultureInfo.InvariantCulture));
        return message;
    }
}

/// <summary>Whether a request can be sent again when nobody knows what became of it.</summary>
internal enum Safety
{
    /// <summary>It changes nothing.</summary>
    Read,

    /// <summary>It may be done twice without harm, and the caller agreed.</summary>
    Repeatable,

    /// <summary>It must not be done twice.</summary>
    Once,
}
