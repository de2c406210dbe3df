using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api;

/// <summary>From <c>start</c>, <c>end</c> and <c>prefix</c>, all of which narrow the scan, to the interval that is read.</summary>
internal static class ScanBounds
{
    /// <summary>Builds the query; null when it is fine.</summary>
    public static RequestError? Of(in QueryArguments arguments, ApiOptions options, out ScanQuery query)
    {
        ReadOnlyMemory<byte> start = arguments.Start ?? [];
        ReadOnlyMemory<byte>? end = arguments.End is { } given ? given : default(ReadOnlyMemory<byte>?);
        if (arguments.Prefix is { } prefix)
        {
            if (start.Span.SequenceCompareTo(prefix) < 0)
            {
                start = prefix;
            }

            if (Successor(prefix) is { } after && (end is not { } before || before.Span.SequenceCompareTo(after) > 0))
            {
                end = after;
            }
        }

        int limit = (arguments.Given & Parameters.Limit) != 0 ? arguments.Limit : options.DefaultScanLimit;
        query = new(start, end, limit, options.MaxScanBytes, arguments.Reverse, arguments.KeysOnly);
        return end is { } bound && start.Span.SequenceCompareTo(bound.Span) >= 0
            ? Refusal.Invalid("start, end and prefix leave no key between them: start is inclusive, end is exclusive, and both are compared as bytes.")
            : null;
    }

    /// <summary>The least byte string above all that begin with the prefix; null when there is none.</summary>
    internal static byte[]? Successor(ReadOnlySpan<byte> prefix)
    {
        int last = prefix.LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0)
        {
            return null;
        }

        byte[] successor = prefix[..(last + 1)].ToArray();
        successor[last]++;
        return successor;
    }
}
