using System.Globalization;
using RaftDb.Client.Protocol;

namespace RaftDb.Client;

/// <summary>A page of a scan as the interface gives it.</summary>
internal sealed record ScanPage(IReadOnlyList<ScanPageItem> Items, BinaryText? Next)
{
    public static string Target(ScanOptions options, Bytes? start, Bytes? end, int limit)
    {
        QueryText query = new("/v1/kv");
        Add(query, "start", start);
        Add(query, "end", end);
        Add(query, "prefix", options.Prefix);
        query.Add("limit", limit.ToString(CultureInfo.InvariantCulture));
        query.Add("reverse", options.Reverse ? "true" : null);
        query.Add("keys_only", options.KeysOnly ? "true" : null);
        options.Read.AddTo(query);
        return query.ToString();
    }

    private static void Add(QueryText query, string name, Bytes? value)
    {
        if (value is { } bytes)
        {
            query.Add(name, bytes.Memory.Span);
        }
    }
}

/// <summary>An item: text, or base64 where it says so.</summary>
internal sealed record ScanPageItem(BinaryText Key, BinaryText? Value, ulong Version, ulong Index, string? Encoding)
{
    public ScanItem Decode() => Encoding == "base64"
        ? new(FromBase64(Key), Value is { } value ? FromBase64(value) : default, Version, Index)
        : new(Key.Bytes, Value?.Bytes ?? default, Version, Index);

    private static ReadOnlyMemory<byte> FromBase64(BinaryText text)
    {
        byte[] decoded = new byte[System.Buffers.Text.Base64.GetMaxDecodedFromUtf8Length(text.Bytes.Length)];
        if (System.Buffers.Text.Base64.DecodeFromUtf8(text.Bytes.Span, decoded, out _, out int written) != System.Buffers.OperationStatus.Done)
        {
            throw new RaftDbException(RaftDbErrorCodes.Internal, "The node sent an item whose base64 is broken.");
        }

        return decoded.AsMemory(0, written);
    }
}
