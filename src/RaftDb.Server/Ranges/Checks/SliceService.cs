using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Digests;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Ranges.Checks;

/// <summary>Looks at the replicas on this node for whoever compares them. The reading is done in the background, beside everything else.</summary>
internal sealed class SliceService(LocalReplicas replicas, IReplicaHost host)
{
    /// <summary>Digests a slice of a replica here, or has its file checked.</summary>
    public async Task<SliceAnswer> LookAsync(SliceRequest request, CancellationToken cancel)
    {
        if (replicas.FindServing(new RangeId(request.Range)) is not { Halted: null } replica || replica.Id.Value != request.Replica)
        {
            return SliceAnswer.Failed($"node {host.Node} has no working replica {request.Replica} of range {request.Range}");
        }

        if (request.Mark == 0)
        {
            return await CheckFileAsync(replica).WaitAsync(cancel);
        }

        MarkedView marked = Mutants.SlicesReadBesideTheMark
            ? new(await replica.State.TryOpenFrozenViewAsync(), "its state is being replaced")
            : await replica.Marks.TakeAsync(new LogIndex(request.Mark)).WaitAsync(cancel);
        return marked.View is { } view
            ? await ReadAsync(view, v => SliceAnswer.Of(v.DigestSlice(request.ToQuery(), cancel))).WaitAsync(cancel)
            : SliceAnswer.Failed(marked.Failure ?? "it has no view at the mark");
    }

    /// <summary>Digests a slice at a mark and cuts it by size, for the others to follow; null with the answer that says why there is none.</summary>
    public async Task<(SliceDigest? Digest, SliceAnswer Answer)> CutAsync(Replica replica, LogIndex mark, SliceQuery query, CancellationToken cancel)
    {
        MarkedView marked = await replica.Marks.TakeAsync(mark).WaitAsync(cancel);
        if (marked.View is not { } view)
        {
            return (null, SliceAnswer.Failed(marked.Failure ?? "it has no view at the mark"));
        }

        SliceDigest? digest = null;
        SliceAnswer answer = await ReadAsync(view, v => SliceAnswer.Of(digest = v.DigestSlice(query, cancel))).WaitAsync(cancel);
        return (digest, answer);
    }

    private Task<SliceAnswer> CheckFileAsync(Replica replica) => replica.State.TryOpenReadView() is { } view
        ? ReadAsync(view, v => v.CheckFile() is { } damage ? SliceAnswer.Damaged(damage) : SliceAnswer.Sound)
        : Task.FromResult(SliceAnswer.Failed("its state is being replaced"));

    /// <summary>Reads a view to its end in the background, and gives it back.</summary>
    private Task<SliceAnswer> ReadAsync<TView>(TView view, Func<TView, SliceAnswer> read)
        where TView : IReadView
    {
        TaskCompletionSource<SliceAnswer> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.RunInBackground("comparing replicas", _ =>
        {
            try
            {
                using (view)
                {
                    done.TrySetResult(read(view));
                }
            }
            catch (StorageFailedException e)
            {
                done.TrySetResult(e.IsDamage ? SliceAnswer.Damaged(e.Message) : SliceAnswer.Failed(e.Message));
            }
            catch (OperationCanceledException)
            {
                done.TrySetCanceled();
            }

            return Task.CompletedTask;
        });
        return done.Task;
    }
}
