using System.Buffers;
using System.Text;

namespace RaftDb.Client;

/// <summary>Builds a request target: bytes are percent-encoded once, so that any key survives the way.</summary>
internal sealed class QueryText(string path)
{
    // A dot is encoded too: proxies and URI parsers fold "/../" away.
    private static readonly SearchValues<byte> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~/"u8);

    private readonly StringBuilder _text = new(path);
    private bool _hasQuery;

    /// <summary>The target of a key. A path can't hold the byte 0 (web servers refuse <c>%00</c>), a query can.</summary>
    public static QueryText ForKey(ReadOnlySpan<byte> key)
    {
        QueryText target = new("/v1/kv/");
        if (!key.Contains((byte)0))
        {
            return target.AppendPath(key);
        }

        target.Add("key", key);
        return target;
    }

    public QueryText AppendPath(ReadOnlySpan<byte> bytes)
    {
        AppendEscaped(bytes);
        return this;
    }

    public void Add(string name, string? value)
    {
        if (value is not null)
        {
            Add(name, Encoding.UTF8.GetBytes(value));
        }
    }

    public void Add(string name, ReadOnlySpan<byte> value)
    {
        _text.Append(_hasQuery ? '&' : '?').Append(name).Append('=');
        _hasQuery = true;
        AppendEscaped(value);
    }

    public override string ToString() => _text.ToString();

    public static string Escape(ReadOnlySpan<byte> bytes) => new QueryText("").AppendPath(bytes).ToString();

    private void AppendEscaped(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            if (Plain.Contains(b))
            {
                _text.Append((char)b);
            }
            else
            {
                _text.Append('%').Append(b.ToString("X2"));
            }
        }
    }
}
