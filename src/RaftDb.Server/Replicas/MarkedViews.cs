using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.Disk;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Replicas;

/// <summary>A view of the state right after a mark, or why there is none.</summary>
internal readonly record struct MarkedView(IFrozenView? View, string? Failure);

/// <summary>Views at the marks of the log (<see cref="CheckMark"/>), so that replicas can be compared at the same applied index. Each is kept until somebody takes it, but not for long: an
/// open view holds back checkpoints. Opened by the apply thread; thread-safe.</summary>
internal sealed class MarkedViews(Replica replica, IReplicaHost host)
{
    /// <summary>Checks of one range that may be under way at once. More: the oldest view is given up.</summary>
    private const int Most = 4;

    /// <summary>A leader asks within milliseconds; after this it has gone away.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly List<Marked> _views = [];
    private readonly List<Waiter> _waiters = [];
    private readonly HashSet<LogIndex> _coming = [];
    private bool _stopped;

    /// <summary>When to be consulted next.</summary>
    public Instant NextTime { get; private set; } = Instant.Never;

    /// <summary>The mark at this index was applied, and nothing after it. Called on the apply thread; the view comes when the state's file is there.</summary>
    public void Open(LogIndex index)
    {
        lock (_gate)
        {
            _coming.Add(index);
        }

        _ = OpenAsync(index);
    }

    private async Task OpenAsync(LogIndex index)
    {
        MarkedView view;
        try
        {
            view = await replica.State.TryOpenFrozenViewAsync() is { } opened ? new(opened, null) : new(null, "its state is being replaced");
        }
        catch (Exception e) when (e is StorageFailedException or DiskFullException or ObjectDisposedException)
        {
            view = new(null, e.Message);
        }

        Check.That(view.View is null || view.View.Applied.Index == index, $"the view at mark {index} of range {replica.Range} shows another index");
        Keep(index, view);
    }

    private void Keep(LogIndex index, in MarkedView view)
    {
        Waiter? waiter = null;
        MarkedView dropped = default;
        lock (_gate)
        {
            _coming.Remove(index);
            if (_stopped)
            {
                dropped = view;
            }
            else if (_waiters.Find(w => w.Index == index) is { } found)
            {
                waiter = found;
                _waiters.Remove(found);
            }
            else
            {
                if (_views.Count == Most)
                {
                    dropped = _views[0].View;
                    _views.RemoveAt(0);
                }

                _views.Add(new Marked(index, view, host.Now + KeepFor));
            }
        }

        dropped.View?.Dispose();
        if (waiter is not null && !waiter.TryComplete(view))
        {
            view.View?.Dispose();
        }
    }

    /// <summary>The view at a mark, which the caller disposes; waits until the mark is applied here, but not for long.</summary>
    public Task<MarkedView> TakeAsync(LogIndex index)
    {
        Waiter waiter;
        lock (_gate)
        {
            int at = _views.FindIndex(v => v.Index == index);
            if (at >= 0)
            {
                MarkedView view = _views[at].View;
                _views.RemoveAt(at);
                return Task.FromResult(view);
            }

            // At the mark itself the view may be about to be opened.
            if (_stopped || (replica.State.Machine.Applied.Index > index && !_coming.Contains(index)))
            {
                return Task.FromResult(new MarkedView(null, _stopped ? "it has stopped" : $"it keeps no view at index {index} (any more)"));
            }

            _waiters.Add(waiter = new Waiter(index, host.Now + KeepFor));
        }

        // The loop is to look at the time limit.
        replica.Post(Input.Tick.Instance);
        return waiter.Completion;
    }

    /// <summary>Gives up what is too old. Called by the replica's loop.</summary>
    public void Consider(Instant now)
    {
        List<Marked> old;
        List<Waiter> late;
        lock (_gate)
        {
            if (_views.Count + _waiters.Count == 0)
            {
                NextTime = Instant.Never;
                return;
            }

            old = _views.FindAll(v => v.Until <= now);
            late = _waiters.FindAll(w => w.Until <= now);
            _views.RemoveAll(v => v.Until <= now);
            _waiters.RemoveAll(w => w.Until <= now);
            NextTime = Instant.Never;
            _views.ForEach(v => NextTime = Instant.Min(NextTime, v.Until));
            _waiters.ForEach(w => NextTime = Instant.Min(NextTime, w.Until));
        }

        Drop(old, late, "it has not applied the mark in time");
    }

    /// <summary>The replica stops.</summary>
    public void Stop()
    {
        List<Marked> old;
        List<Waiter> late;
        lock (_gate)
        {
            _stopped = true;
            old = [.. _views];
            late = [.. _waiters];
            _views.Clear();
            _waiters.Clear();
        }

        NextTime = Instant.Never;
        Drop(old, late, "it has stopped");
    }

    private static void Drop(List<Marked> old, List<Waiter> late, string why)
    {
        old.ForEach(v => v.View.View?.Dispose());
        late.ForEach(w => w.TryComplete(new MarkedView(null, why)));
    }

    private readonly record struct Marked(LogIndex Index, MarkedView View, Instant Until);

    private sealed class Waiter(LogIndex index, Instant until)
    {
        private readonly TaskCompletionSource<MarkedView> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LogIndex Index { get; } = index;

        public Instant Until { get; } = until;

        public Task<MarkedView> Completion => _completion.Task;

        public bool TryComplete(in MarkedView view) => _completion.TrySetResult(view);
    }
}
