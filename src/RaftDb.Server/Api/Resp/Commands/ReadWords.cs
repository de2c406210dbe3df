using System.Globalization;
using System.Text;
using RaftDb.Server.Api.Resp.Execution;
using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>The options that RDB.* reads share: LINEARIZABLE, BOUNDED ms, SESSION, EVENTUAL, TOKEN token, REPLICA leader|follower|any|ID, TIMEOUT ms.</summary>
internal static class ReadWords
{
    /// <summary>Reads them to the end of the command; null when they are fine.</summary>
    public static string? Parse(SeenIndexes seen, in Request request, int from, out ReadOptions options, out int timeoutMilliseconds)
    {
        options = ReadOptions.Linearizable;
        timeoutMilliseconds = 0;
        Consistency consistency = Consistency.Linearizable;
        TimeSpan staleness = default;
        ReplicaChoice replica = default;
        SessionToken? token = null;
        for (int i = from; i < request.Count; i++)
        {
            ReadOnlySpan<byte> word = request[i];
            bool hasValue = i + 1 < request.Count;
            if (word.Is("LINEARIZABLE"u8))
            {
                consistency = Consistency.Linearizable;
            }
            else if (word.Is("EVENTUAL"u8))
            {
                consistency = Consistency.Eventual;
            }
            else if (word.Is("SESSION"u8))
            {
                consistency = Consistency.Session;
            }
            else if (word.Is("BOUNDED"u8) && hasValue)
            {
                if (Staleness(request[++i]) is not { } age)
                {
                    return RespErrors.NotAnInteger;
                }

                (consistency, staleness) = (Consistency.Bounded, age);
            }
            else if (word.Is("TOKEN"u8) && hasValue && SessionToken.TryParse(Encoding.ASCII.GetString(request[i + 1]), out token))
            {
                i++;
            }
            else if (word.Is("REPLICA"u8) && hasValue && TryReplica(request[i + 1], out replica))
            {
                i++;
            }
            else if (word.Is("TIMEOUT"u8) && hasValue && WriteWords.TryTimeout(request[i + 1], out timeoutMilliseconds))
            {
                i++;
            }
            else
            {
                return RespErrors.Syntax;
            }
        }

        if (consistency != Consistency.Linearizable || replica != default)
        {
            options = new(consistency, staleness, replica, consistency == Consistency.Session ? token ?? seen.Token : SessionToken.Empty);
        }

        return null;
    }

    /// <summary>A number of milliseconds, or a duration with its unit.</summary>
    public static TimeSpan? Staleness(ReadOnlySpan<byte> text)
    {
        if (Integers.TryParse(text, out long milliseconds) && milliseconds is >= 0 and <= int.MaxValue)
        {
            return TimeSpan.FromMilliseconds(milliseconds);
        }

        return NodeOptionsLoader.TryParseDuration(Encoding.ASCII.GetString(text), out TimeSpan duration) && duration >= TimeSpan.Zero ? duration : null;
    }

    private static bool TryReplica(ReadOnlySpan<byte> text, out ReplicaChoice choice)
    {
        bool isNode = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong node) && node > 0;
        choice = text.Is("LEADER"u8) ? new(ReplicaChoiceKind.Leader)
            : text.Is("FOLLOWER"u8) ? new(ReplicaChoiceKind.Follower)
            : isNode ? new(ReplicaChoiceKind.Node, new(node))
            : default;
        return choice != default || text.Is("ANY"u8);
    }
}
