using System.Buffers;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Options;

namespace RaftDb.Server.Api.Resp;

/// <summary>The bytes of a connection that were taken from its socket and not yet answered, in one piece, and the commands found in them. Holds no memory while
/// there is nothing.</summary>
internal sealed class ReceivedBytes(RespSection limits) : IDisposable
{
    private readonly RespParser _parser = new(limits);
    private readonly List<Argument> _arguments = [];
    private readonly List<int> _ends = [];
    private Argument[] _argumentArray = [];
    private byte[] _bytes = [];
    private int _length;

    /// <summary>Commands that are complete.</summary>
    public int Commands => _ends.Count;

    /// <summary>What is wrong behind the last complete command; null when nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Takes as much as may be taken at once; tells how much that was.</summary>
    public SequencePosition Take(in ReadOnlySequence<byte> received)
    {
        // A command that is larger than what is taken at once comes in pieces, and the room for it grows with it.
        int room = Math.Max(limits.MaxPipelinedBytes - _length, Math.Max(_parser.Wanted - _length, limits.MaxInlineBytes));
        ReadOnlySequence<byte> taken = received.Slice(0, Math.Min(received.Length, room));
        int needed = _length + (int)taken.Length;
        if (needed > _bytes.Length)
        {
            Grow(needed);
        }

        taken.CopyTo(_bytes.AsSpan(_length));
        _length = needed;
        return taken.End;
    }

    /// <summary>Finds the commands.</summary>
    public void Parse()
    {
        while (Problem is null)
        {
            ParseStatus status = _parser.Next(_bytes.AsSpan(0, _length), _arguments);
            if (status == ParseStatus.Incomplete)
            {
                break;
            }

            if (status == ParseStatus.Broken)
            {
                Problem = _parser.Problem;
                break;
            }

            _ends.Add(_arguments.Count);
        }

        if (_argumentArray.Length < _arguments.Count)
        {
            _argumentArray = new Argument[Math.Max(_arguments.Count, 64)];
        }

        _arguments.CopyTo(_argumentArray);
    }

    /// <summary>A complete command.</summary>
    public Request Command(int number)
    {
        int first = number == 0 ? 0 : _ends[number - 1];
        return new(_bytes, _argumentArray.AsMemory(first, _ends[number] - first));
    }

    /// <summary>The complete commands are answered: their bytes are no longer needed.</summary>
    public void Forget()
    {
        _ends.Clear();
        _arguments.Clear();
        if (_arguments.Capacity > 4096)
        {
            _arguments.Capacity = 0;
            _argumentArray = [];
        }

        int consumed = _parser.Consumed;
        if (consumed == 0)
        {
            return;
        }

        _parser.Shift();
        _length -= consumed;
        if (_length == 0)
        {
            Dispose();
        }
        else
        {
            _bytes.AsSpan(consumed, _length).CopyTo(_bytes);
        }
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }

    private void Grow(int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Min(2 * _bytes.Length, limits.MaxCommandBytes)));
        _bytes.AsSpan(0, _length).CopyTo(larger);
        Dispose();
        _bytes = larger;
    }
}
