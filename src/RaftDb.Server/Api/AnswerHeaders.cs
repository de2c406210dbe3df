using System.Globalization;
using Microsoft.AspNetCore.Http;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api;

/// <summary>The headers that data answers carry.</summary>
internal static class AnswerHeaders
{
    /// <summary>Who answered, and up to where the client has now seen.</summary>
    public static void Write(IHeaderDictionary headers, NodeId node, RangeId range, LogIndex index, SessionToken? seen)
    {
        headers[HeaderNames.Node] = Text(node.Value);
        headers[HeaderNames.Range] = Text(range.Value);
        headers[HeaderNames.Index] = Text(index.Value);
        if (seen is not null)
        {
            headers[HeaderNames.Token] = ReferenceEquals(seen, SessionToken.Empty)
                ? string.Create(CultureInfo.InvariantCulture, $"{range.Value}:{index.Value}")
                : seen.With(range, index).ToString();
        }
    }

    /// <summary>How old what is shown may be. Rounded up: it is a bound.</summary>
    public static void WriteStaleness(IHeaderDictionary headers, TimeSpan? staleness)
    {
        if (staleness is { } age)
        {
            headers[HeaderNames.StalenessMs] = ((long)Math.Ceiling(age.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>What is known of a row beside its value.</summary>
    public static void WriteRow(IHeaderDictionary headers, in Row? row)
    {
        headers[HeaderNames.Version] = Text(row?.Version ?? 0);
        if (row is { } present)
        {
            headers.ETag = $"\"{Text(present.Version)}\"";
            headers[HeaderNames.ChangedIndex] = Text(present.Index);
            if (present.ExpiresAt != 0)
            {
                headers[HeaderNames.ExpiresAt] = present.ExpiresAt.ToString(CultureInfo.InvariantCulture);
            }
        }
    }

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
