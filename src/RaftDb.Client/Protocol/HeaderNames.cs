namespace RaftDb.Client.Protocol;

/// <summary>The headers of our own.</summary>
public static class HeaderNames
{
    /// <summary>Answers: the node that served the request.</summary>
    public const string Node = "RaftDb-Node";

    /// <summary>Answers: the range that served it (a scan: the first one).</summary>
    public const string Range = "RaftDb-Range";

    /// <summary>Answers: a write's log index; of a read, the applied index that it shows.</summary>
    public const string Index = "RaftDb-Index";

    /// <summary>Requests and answers: what the client has seen, to be passed on unread.</summary>
    public const string Token = "RaftDb-Token";

    /// <summary>Answers to reads of one key: its version, 0 = absent.</summary>
    public const string Version = "RaftDb-Version";

    /// <summary>Answers to reads of one key: the index of the log entry that last changed it.</summary>
    public const string ChangedIndex = "RaftDb-Changed-Index";

    /// <summary>Answers to reads of one key with a TTL: when it runs out, in milliseconds since 1970 of the log's time.</summary>
    public const string ExpiresAt = "RaftDb-Expires-At";

    /// <summary>Answers to reads: an upper bound of the age of what they show, where it is known.</summary>
    public const string StalenessMs = "RaftDb-Staleness-Ms";

    /// <summary>Requests: how long the node may take to answer.</summary>
    public const string TimeoutMs = "RaftDb-Timeout-Ms";

    /// <summary>Requests: the session of an exactly-once write.</summary>
    public const string Session = "RaftDb-Session";

    /// <summary>Requests: the write's number in its session.</summary>
    public const string Sequence = "RaftDb-Sequence";

    /// <summary>Requests: the lowest number of the session that is still unanswered.</summary>
    public const string Acknowledged = "RaftDb-Acknowledged";
}
