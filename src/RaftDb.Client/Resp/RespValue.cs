using System.Text;

namespace RaftDb.Client.Resp;

/// <summary>The kinds of answers.</summary>
internal enum RespKind : byte
{
    Null,
    Integer,
    Bytes,
    Array,
    Error,
}

/// <summary>An answer, or a part of one. What is not of the kind that the caller expects is an <see cref="UnexpectedAnswerException"/>.</summary>
internal readonly struct RespValue
{
    private readonly object? _object;
    private readonly long _number;

    private RespValue(RespKind kind, long number, object? value)
    {
        Kind = kind;
        _number = number;
        _object = value;
    }

    public RespKind Kind { get; }

    public bool IsNull => Kind == RespKind.Null;

    public long Integer => Kind == RespKind.Integer ? _number : throw Unexpected("a number");

    public ulong Unsigned => (ulong)Integer;

    public byte[] Bytes => Kind == RespKind.Bytes ? (byte[])_object! : throw Unexpected("bytes");

    public string Text => Encoding.UTF8.GetString(Bytes);

    public RespValue[] Items => Kind == RespKind.Array ? (RespValue[])_object! : throw Unexpected("an array");

    /// <summary>An error's text: a kind in capitals, a blank, and words for people.</summary>
    public string Error => Kind == RespKind.Error ? (string)_object! : throw Unexpected("an error");

    /// <summary>A part of an array.</summary>
    public RespValue this[int index] => index < Items.Length ? Items[index] : throw new UnexpectedAnswerException($"an answer has {Items.Length} parts and not {index + 1}");

    public static RespValue Null() => default;

    public static RespValue Number(long number) => new(RespKind.Integer, number, null);

    public static RespValue OfBytes(byte[] bytes) => new(RespKind.Bytes, 0, bytes);

    public static RespValue OfItems(RespValue[] items) => new(RespKind.Array, 0, items);

    public static RespValue OfError(string text) => new(RespKind.Error, 0, text);

    private UnexpectedAnswerException Unexpected(string what) => new($"an answer is {Kind} where {what} was expected");
}

/// <summary>The node said something that this client does not understand: another version, or not RaftDb at all.</summary>
internal sealed class UnexpectedAnswerException(string message) : Exception(message);
