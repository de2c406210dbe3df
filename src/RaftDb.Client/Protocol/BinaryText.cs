using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>A key or value in JSON: a string where the bytes are valid UTF-8, otherwise <c>{"base64":"…"}</c>.</summary>
[JsonConverter(typeof(BinaryTextConverter))]
public readonly record struct BinaryText(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>From text.</summary>
    public static BinaryText Of(string text) => new(Encoding.UTF8.GetBytes(text));
}

internal sealed class BinaryTextConverter : JsonConverter<BinaryText>
{
    public override BinaryText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                byte[] bytes = new byte[reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length];
                return new(bytes.AsMemory(0, reader.CopyString(bytes)));

            case JsonTokenType.StartObject:
                BinaryText? value = null;
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    bool known = reader.ValueTextEquals("base64"u8);
                    reader.Read();
                    if (!known || value is not null || reader.TokenType != JsonTokenType.String
                        || !reader.TryGetBytesFromBase64(out byte[]? decoded))
                    {
                        break;
                    }

                    value = new(decoded);
                }

                if (value is { } result && reader.TokenType == JsonTokenType.EndObject)
                {
                    return result;
                }

                break;
        }

        throw new JsonException("A key or value must be a string or {\"base64\":\"…\"} with valid base64.");
    }

    public override void Write(Utf8JsonWriter writer, BinaryText value, JsonSerializerOptions options)
    {
        if (System.Text.Unicode.Utf8.IsValid(value.Bytes.Span))
        {
            writer.WriteStringValue(value.Bytes.Span);
            return;
        }

        writer.WriteStartObject();
        writer.WriteBase64String("base64"u8, value.Bytes.Span);
        writer.WriteEndObject();
    }
}
