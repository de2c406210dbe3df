using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges;

/// <summary>For how long to wait for an answer of a leader: until soon after another node is known to lead. One that is paused or cut off would never answer; one that handed over
/// answers what it had under way, and is given the time.</summary>
internal sealed class ReignWatch : IDisposable
{
    /// <summary>Many times what an answer under way takes, and little beside an election.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private readonly CancellationToken _cancel;
    private readonly CancellationTokenSource? _source;
    private readonly CancellationTokenRegistration _ended;
    private readonly CancellationTokenRegistration _cancelled;

    /// <summary>Watches when the leader that is asked is the one that the own replica knows; otherwise nothing would tell.</summary>
    public ReignWatch(Leadership? known, NodeId asked, TimeProvider time, CancellationToken cancel)
    {
        _cancel = cancel;
        if (known?.Reign is { } reign && reign.Leader == asked)
        {
            _source = new(Timeout.InfiniteTimeSpan, time);
            _ended = reign.Ended.UnsafeRegister(static source => ((CancellationTokenSource)source!).CancelAfter(Grace), _source);
            _cancelled = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        }
    }

    public CancellationToken Token => _source?.Token ?? _cancel;

    /// <summary>Whether waiting ended because another node leads.</summary>
    public bool IsOver => _source is { IsCancellationRequested: true } && !_cancel.IsCancellationRequested;

    public void Dispose()
    {
        _ended.Dispose();
        _cancelled.Dispose();
        _source?.Dispose();
    }
}
