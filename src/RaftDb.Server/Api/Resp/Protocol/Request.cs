namespace RaftDb.Server.Api.Resp.Protocol;

/// <summary>Where an argument lies in a connection's bytes.</summary>
internal readonly record struct Argument(int Start, int Length);

/// <summary>One command with its arguments, the name first. Its bytes are the connection's, until the batch that it came with is answered.</summary>
internal readonly struct Request(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<Argument> arguments)
{
    /// <summary>Arguments, the name among them; at least one.</summary>
    public int Count => arguments.Length;

    /// <summary>An argument for as long as it is looked at.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            Argument argument = arguments.Span[index];
            return bytes.Span.Slice(argument.Start, argument.Length);
        }
    }

    /// <summary>An argument for as long as the batch lasts.</summary>
    public ReadOnlyMemory<byte> Memory(int index)
    {
        Argument argument = arguments.Span[index];
        return bytes.Slice(argument.Start, argument.Length);
    }

    /// <summary>Bytes of all arguments.</summary>
    public long Bytes
    {
        get
        {
            long sum = 0;
            foreach (Argument argument in arguments.Span)
            {
                sum += argument.Length;
            }

            return sum;
        }
    }

    /// <summary>A copy that outlives the batch.</summary>
    public Request Copy()
    {
        byte[] copy = new byte[Bytes];
        Argument[] places = new Argument[Count];
        int at = 0;
        for (int i = 0; i < Count; i++)
        {
            this[i].CopyTo(copy.AsSpan(at));
            places[i] = new(at, this[i].Length);
            at += places[i].Length;
        }

        return new(copy, places);
    }
}
