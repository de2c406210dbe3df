using RaftDb.Raft;
using RaftDb.Storage;

namespace RaftDb.Server.Replicas;

/// <summary>Who leads, as one replica knows it.</summary>
/// <param name="Role">This replica's role.</param>
/// <param name="Term">The term.</param>
/// <param name="Leader">The leader's node; null when unknown.</param>
internal sealed record Leadership(Role Role, Term Term, NodeId? Leader)
{
    private readonly Lock _gate = new();
    private readonly List<TaskCompletionSource<bool>> _waiters = [];
    private bool _superseded;

    public bool IsLeader => Role == Role.Leader;

    /// <summary>The last leader that was known, though it may be unknown at the moment whether it still leads; null before the first.</summary>
    public Reign? Reign { get; private init; }

    /// <summary>How it is after this.</summary>
    public Leadership Then(Role role, Term term, NodeId? leader) =>
        new(role, term, leader) { Reign = leader is { } node && node != Reign?.Leader ? new(node) : Reign };

    /// <summary>Waits until this is no longer how it is (true), at most so long (false).</summary>
    /// <remarks>Not Task.WaitAsync: that hops over the thread pool when the news comes.</remarks>
    public async ValueTask<bool> ChangesWithinAsync(TimeSpan wait, TimeProvider time, CancellationToken cancel)
    {
        TaskCompletionSource<bool> waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_superseded)
            {
                return true;
            }

            _waiters.Add(waiter);
        }

        using (cancel.UnsafeRegister(static (state, token) => ((TaskCompletionSource<bool>)state!).TrySetCanceled(token), waiter))
        using (time.CreateTimer(static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), waiter, wait, Timeout.InfiniteTimeSpan))
        {
            try
            {
                return await waiter.Task;
            }
            finally
            {
                lock (_gate)
                {
                    _waiters.Remove(waiter);
                }
            }
        }
    }

    /// <summary>Tells those who wait that it is otherwise now.</summary>
    public void Supersede(Leadership next)
    {
        TaskCompletionSource<bool>[] waiters;
        lock (_gate)
        {
            _superseded = true;
            waiters = [.. _waiters];
            _waiters.Clear();
        }

        foreach (TaskCompletionSource<bool> waiter in waiters)
        {
            waiter.TrySetResult(true);
        }

        if (!ReferenceEquals(next.Reign, Reign))
        {
            Reign?.End();
        }
    }
}
