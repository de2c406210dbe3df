namespace RaftDb.Server.Replicas;

/// <summary>A thread that brings work to replicas (from a socket, or from the disk) lends itself for doing it: between <see cref="Lend"/> and the end of that scope loops are not woken but noted,
/// and at the end their passes are run right there, and then small applies that came of them, unless other threads are at it. That spares a thread's wake-up for each step, which on an idle
/// node is most of what a request takes; on a busy one others are at it.</summary>
/// <remarks>Nobody may lend a thread while holding a lock that a pass could want, nor one whose time others wait for.</remarks>
internal static class LentThread
{
    [ThreadStatic]
    private static Notes? _notes;

    /// <summary>Whether the calling thread is lent.</summary>
    public static bool IsLent => _notes is { Depth: > 0 };

    /// <summary>Begins the scope; scopes within it are part of it.</summary>
    /// <param name="passesOnly">Applies are left to others.</param>
    public static Scope Lend(bool passesOnly = false)
    {
        if (SynchronizationContext.Current is not null)
        {
            return default; // Whoever drives this thread says what it does next.
        }

        Notes notes = _notes ??= new();
        notes.PassesOnly = passesOnly || (notes.PassesOnly && notes.Depth > 0);
        notes.Depth++;
        return new(notes);
    }

    /// <summary>Notes a loop that has something to do; false when this thread is not lent.</summary>
    public static bool TryRunLater(ReplicaLoop loop)
    {
        if (_notes is not { Depth: > 0 } notes)
        {
            return false;
        }

        if (!notes.Loops.Contains(loop))
        {
            notes.Loops.Enqueue(loop);
        }

        return true;
    }

    /// <summary>Notes a small apply; false when this thread is not lent.</summary>
    public static bool TryRunLater(ReplicaScheduler scheduler, ApplyPipeline apply)
    {
        if (_notes is not { Depth: > 0, PassesOnly: false } notes)
        {
            return false;
        }

        notes.Applies.Enqueue((scheduler, apply));
        return true;
    }

    private static void Run(Notes notes)
    {
        while (true)
        {
            if (notes.Loops.TryDequeue(out ReplicaLoop? loop))
            {
                loop.RunHere();
            }
            else if (notes.Applies.TryDequeue(out (ReplicaScheduler Scheduler, ApplyPipeline Pipeline) apply))
            {
                apply.Scheduler.RunApply(apply.Pipeline);
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Until it is disposed the thread is lent.</summary>
    public readonly ref struct Scope(Notes? notes)
    {
        public void Dispose()
        {
            if (notes is null)
            {
                return;
            }

            try
            {
                if (notes.Depth == 1)
                {
                    Run(notes);
                }
            }
            finally
            {
                notes.Depth--;
            }
        }
    }

    /// <summary>What a lent thread is to do.</summary>
    internal sealed class Notes
    {
        public readonly Queue<ReplicaLoop> Loops = [];
        public readonly Queue<(ReplicaScheduler Scheduler, ApplyPipeline Pipeline)> Applies = [];
        public int Depth;
        public bool PassesOnly;
    }
}
