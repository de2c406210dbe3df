using RaftDb.Raft;

namespace RaftDb.Storage.StateMachines.Reads;

/// <summary>Views of the file that are to be opened at the moment at which it is at just this applied index. Thread-safe.</summary>
internal sealed class AwaitedViews
{
    private readonly Lock _gate = new();
    private readonly List<(LogIndex Index, TaskCompletionSource<IFrozenView> View)> _awaited = [];

    /// <summary>The view at an index that the file will be at.</summary>
    public Task<IFrozenView> Add(LogIndex index)
    {
        TaskCompletionSource<IFrozenView> view = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _awaited.Add((index, view));
        }

        return view.Task;
    }

    /// <summary>The file is at this state, and the caller keeps it from changing.</summary>
    public void Give(StateMeta inFile, ReadConnectionPool readers)
    {
        foreach (TaskCompletionSource<IFrozenView> view in Take(inFile.Applied.Index))
        {
            try
            {
                view.TrySetResult(readers.RentFrozen(inFile));
            }
            catch (Exception e) when (e is StorageFailedException or ObjectDisposedException)
            {
                view.TrySetException(e);
            }
        }
    }

    /// <summary>Nobody knows when the file will be as far.</summary>
    public void GiveUp(Exception cause) => Take(new(ulong.MaxValue)).ForEach(view => view.TrySetException(cause));

    private List<TaskCompletionSource<IFrozenView>> Take(LogIndex through)
    {
        lock (_gate)
        {
            List<TaskCompletionSource<IFrozenView>> taken = [.. _awaited.Where(a => a.Index <= through).Select(a => a.View)];
            _awaited.RemoveAll(a => a.Index <= through);
            return taken;
        }
    }
}
