using RaftDb.Raft;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Connections;

/// <summary>What is known of a peer for people: what it said of itself, and what is wrong. Under the peer's lock, except where it is said.</summary>
internal sealed class PeerFacts
{
    private Hello? _hello;
    private string? _lastLogged;
    private long _lastHeard;

    /// <summary>Why there is no connection; null while there is one.</summary>
    public string? Problem { get; set; }

    /// <summary>A connection is open.</summary>
    public void Connected(Hello hello)
    {
        _hello = hello;
        Problem = null;
        _lastLogged = null;
        Heard();
    }

    /// <summary>Something came. Any thread.</summary>
    public void Heard() => Interlocked.Exchange(ref _lastHeard, MonotonicClock.Now.Nanoseconds);

    /// <summary>Whether a problem is another than the last one, and so belongs in the log.</summary>
    public bool IsNews(string problem)
    {
        var news = _lastLogged != problem;
        _lastLogged = problem;
        return news;
    }

    /// <summary>All of it.</summary>
    public PeerState State(NodeId node, string address, bool connected)
    {
        var heard = Interlocked.Read(ref _lastHeard);
        return new(
            node, address, connected, _hello?.Http, _hello?.Resp, _hello?.Zone, _hello?.Sqlite,
            connected ? null : Problem ?? "not connected yet", heard == 0 ? null : new Instant(heard));
    }
}
