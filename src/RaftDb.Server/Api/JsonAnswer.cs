using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.ObjectPool;

namespace RaftDb.Server.Api;

/// <summary>A JSON answer in the making: written whole, so that it goes out with its length in one send. Pooled; dispose it after sending.</summary>
internal sealed class JsonAnswer : IDisposable
{
    private const int KeptBytes = 64 << 10;
    private static readonly ObjectPool<JsonAnswer> Pool = new DefaultObjectPool<JsonAnswer>(new Policy());

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    private JsonAnswer() => Writer = new(_buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    public const string Json = "application/json";
    public const string Problem = "application/problem+json";

    public Utf8JsonWriter Writer { get; }

    public static JsonAnswer Rent() => Pool.Get();

    /// <summary>Answers with a document.</summary>
    public static async ValueTask SendAsync<T>(
        HttpContext context, T document, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK, string contentType = Json)
    {
        using JsonAnswer json = Rent();
        JsonSerializer.Serialize(json.Writer, document, type);
        await json.SendAsync(context, status, contentType).ConfigureAwait(false);
    }

    public async ValueTask SendAsync(HttpContext context, int status, string contentType)
    {
        await Writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = _buffer.WrittenCount;
        await response.BodyWriter.WriteAsync(_buffer.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }

    public void Dispose() => Pool.Return(this);

    private sealed class Policy : PooledObjectPolicy<JsonAnswer>
    {
        public override JsonAnswer Create() => new();

        // One large page must not keep its memory for ever.
        public override bool Return(JsonAnswer answer)
        {
            answer._buffer.ResetWrittenCount();
            answer.Writer.Reset();
            return answer._buffer.Capacity <= KeptBytes;
        }
    }
}
