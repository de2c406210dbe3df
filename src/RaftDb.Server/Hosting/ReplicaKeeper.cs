using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Hosting;

/// <summary>Makes and destroys replicas while the node runs: a leader's first message to a replica that this node doesn't have yet begins it, empty, in the place of an earlier one; a replica that is
/// no member any more is given up, with a durable tombstone. All of it in the background, one step at a time for each range.</summary>
/// <param name="createBlank">Makes a replica that knows nothing but its id.</param>
/// <param name="binlog">What is here, durably.</param>
/// <param name="store">The state files.</param>
/// <param name="forgetHalts">Takes away what was remembered against a replica of the range.</param>
/// <param name="replicas">Those that run.</param>
/// <param name="troubles">Those that don't.</param>
/// <param name="host">The node.</param>
/// <param name="log">Diagnostics.</param>
internal sealed class ReplicaKeeper(
    Func<RangeId, ReplicaId, Replica> createBlank, NodeBinlog binlog, IStateMachineStore store, Action<RangeId> forgetHalts, LocalReplicas replicas, TroubleBook troubles, IReplicaHost host, ILogger log)
{
    /// <summary>After a step that failed: leaders' messages come ten times a second.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly HashSet<RangeId> _busy = [];
    private readonly Dictionary<RangeId, Instant> _notBefore = [];

    /// <summary>Whether nothing is being done.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _busy.Count == 0;
            }
        }
    }

    /// <summary>A leader on <paramref name="from"/> speaks to a replica that is not here. Returns at once.</summary>
    public void Begin(RangeId range, ReplicaId replica, NodeId from)
    {
        if (binlog.MayBegin(range, replica))
        {
            RunFor(range, $"beginning replica {replica} of range {range}", async () =>
            {
                if (binlog.MayBegin(range, replica))
                {
                    await GiveUpPresentAsync(range, $"replica {replica} takes its place");
                    log.LogInformation("Beginning replica {Replica} of range {Range}, which node {Node} leads and will fill", replica, range, from);
                    Add(createBlank(range, replica));
                }
            });
        }
    }

    /// <summary>A replica here is no member any more, and a quorum knows. Returns at once.</summary>
    public void Remove(RangeId range, ReplicaId replica) => RunFor(range, $"removing replica {replica} of range {range}", async () =>
    {
        if (binlog.Find(range) is { } present && present.Replica == replica)
        {
            await GiveUpPresentAsync(range, "it was removed from its range");
        }
    });

    /// <summary>Takes a replica out of service for good, durably: a comparison with its peers has shown that its data is wrong. Completes when that is written.</summary>
    public Task QuarantineAsync(RangeId range, ReplicaId replica, string reason)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        log.LogCritical("Replica {Replica} of range {Range} on this node is quarantined: {Reason}", replica, range, reason);
        if (replicas.Find(range) is { } here && here.Id == replica)
        {
            // First it stops: nothing that it says from here on may count.
            here.Halt(reason);
        }

        binlog.MarkSuspect(range, replica, reason, done.SetResult);
        return done.Task;
    }

    private void Add(Replica replica)
    {
        replicas.Add(replica);
        troubles.Over(replica.Range);
        host.Wake(replica);
    }

    private async Task GiveUpPresentAsync(RangeId range, string why)
    {
        if (binlog.Find(range) is not { } present)
        {
            return;
        }

        log.LogInformation("Giving up replica {Replica} of range {Range}: {Reason}", present.Replica, range, why);
        if (replicas.Find(range) is { } running)
        {
            await StopAsync(running, why);
            replicas.Remove(running);
        }

        // The tombstone first: whatever of the files is left after a crash belongs to nobody.
        TaskCompletionSource buried = new();
        binlog.RemoveReplica(range, present.Replica, buried.SetResult);
        if (await Task.WhenAny(buried.Task, binlog.Failed) != buried.Task)
        {
            throw await binlog.Failed;
        }

        // It was the log's own thread that said so, which has other things to do than what follows.
        await Task.Yield();
        forgetHalts(range);
        if (present.StateFile is { } file)
        {
            store.Delete(range, file);
        }

        troubles.Over(range);
    }

    /// <summary>Halts a replica and waits until nobody uses its state any more, so that nothing of it comes after its tombstone.</summary>
    private static async Task StopAsync(Replica replica, string why)
    {
        replica.Halt(why);

        // The first report may come from the pass that was under way; after the second one no pass does anything any more.
        for (int i = 0; i < 2; i++)
        {
            ReportRequest request = new();
            replica.Post(request);
            await request.Completion;
        }

        TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        replica.State.Retire(closed.SetResult);
        await closed.Task;
    }

    private void RunFor(RangeId range, string what, Func<Task> work)
    {
        lock (_gate)
        {
            if (_notBefore.TryGetValue(range, out Instant notBefore) && host.Now < notBefore || !_busy.Add(range))
            {
                return;
            }
        }

        host.RunInBackground(what, async _ =>
        {
            bool done = false;
            try
            {
                await work();
                done = true;
            }
            catch (StorageFailedException e) when (!binlog.Failed.IsCompleted)
            {
                // A state file could not be made: this replica is not there yet, the others go on. It is tried again when the leader speaks again.
                log.LogError("Failed, to be tried again: {What}: {Reason}", what, e.Message);
            }
            finally
            {
                lock (_gate)
                {
                    _busy.Remove(range);
                    _notBefore[range] = done ? default : host.Now + Pause;
                }
            }
        });
    }
}
