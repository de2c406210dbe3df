using RaftDb.Client.Routing;
using RaftDb.Client.Sessions;

namespace RaftDb.Client.Resp;

/// <summary>One thing that a caller wants of one range, across its attempts. Used by one attempt at a time.</summary>
internal abstract class RespOperation
{
    /// <summary>As telemetry names it.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it can change data.</summary>
    public abstract bool Writes { get; }

    /// <summary>Writes outside of a session: whether it may be sent again when its fate is not known.</summary>
    public bool MayRepeat { get; init; }

    /// <summary>Writes: whether it is to have a place in a session.</summary>
    public bool InSession { get; init; }

    /// <summary>Writes: its place.</summary>
    public SessionTicket? Ticket { get; set; }

    /// <summary>When it must be answered, on the monotonic clock.</summary>
    public long Deadline { get; set; }

    /// <summary>Whether an attempt ended without anyone knowing whether it was done.</summary>
    public bool MayBeDone { get; set; }

    /// <summary>Attempts so far.</summary>
    public int Attempts { get; set; }

    /// <summary>Nodes that failed it, not to be asked first again.</summary>
    public HashSet<ulong>? Failed { get; set; }

    /// <summary>What it is about: the range is that of the key, or for a scan downwards the one before it.</summary>
    public abstract RangeRoute RangeIn(RouteMap map);

    /// <summary>The node to ask first; 0 = any that has the range.</summary>
    public abstract ulong Preferred(RangeRoute range);

    /// <summary>Whether only the preferred node will do.</summary>
    public virtual bool IsPinned => false;

    /// <summary>The command, with as much time as an answer may take.</summary>
    public abstract RespRequest Encode(RangeRoute range, int timeoutMilliseconds);

    /// <summary>What the first parts of every answer say.</summary>
    public static (ulong Node, ulong Range, ulong Index) Head(RespValue answer) => (answer[0].Unsigned, answer[1].Unsigned, answer[2].Unsigned);

    /// <summary>The replica to ask: the leader first, unless the caller said otherwise.</summary>
    protected static ulong Choose(RangeRoute range, ReadOptions? options)
    {
        bool stale = options?.Consistency is "bounded" or "session" or "eventual";
        switch (options?.Replica)
        {
            case null when !stale:
            case "leader":
                return range.Leader;
            case "follower":
                ulong[] followers = [.. range.Replicas.Where(node => node != range.Leader)];
                return followers.Length == 0 ? range.Leader : followers[range.NextTurn() % followers.Length];
            case null:
            case "any":
                return range.Replicas.Count == 0 ? 0 : range.Replicas[range.NextTurn() % range.Replicas.Count];
            default:
                return ulong.TryParse(options.Replica, out ulong node) ? node : 0;
        }
    }
}
