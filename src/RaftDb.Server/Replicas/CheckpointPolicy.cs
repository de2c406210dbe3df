using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;

namespace RaftDb.Server.Replicas;

/// <summary>Decides when a replica's state machine is checkpointed, and lets the log be cut behind it. Consulted by the replica's loop; the work is done in the background.</summary>
internal sealed class CheckpointPolicy(Replica replica, IReplicaHost host)
{
    /// <summary>What makes a checkpoint worth writing each changed page once more: with random keys in a large range two layers' worth.</summary>
    public const long MaxDebtBytes = 384 << 20;

    /// <summary>What is worth a checkpoint once nothing more comes: a restart has it to replay.</summary>
    private const long IdleDebtBytes = 2 << 20;

    /// <summary>For how long nothing comes then.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    /// <summary>The longest that changes stay out of the state file: bounds what an idle range holds back of the log.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    /// <summary>After a try that long readers spoiled.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private int _applied;
    private Instant _dirtySince = Instant.Never;
    private Instant _lastApplied;
    private Instant _notBefore;
    private int _running;

    /// <summary>When to be consulted next.</summary>
    public Instant NextTime
    {
        get
        {
            if (_dirtySince == Instant.Never)
            {
                return Instant.Never;
            }

            Instant due = Instant.Min(_dirtySince + MaxAge, replica.State.Machine.CheckpointDebtBytes >= IdleDebtBytes ? _lastApplied + Idle : Instant.Never);
            return due > _notBefore ? due : _notBefore;
        }
    }

    /// <summary>So many entries were applied.</summary>
    public void Applied(int entries)
    {
        _applied += entries;
        _lastApplied = host.Now;
        if (_dirtySince == Instant.Never)
        {
            _dirtySince = _lastApplied;
        }
    }

    public void Consider(Instant now)
    {
        if (_dirtySince == Instant.Never || now < _notBefore)
        {
            return;
        }

        if (Volatile.Read(ref _running) != 0)
        {
            // Look again later; to be due all the time would have this replica called again and again.
            _notBefore = now + Pause;
            return;
        }

        long debt = replica.State.Machine.CheckpointDebtBytes;
        bool isIdle = debt >= IdleDebtBytes && now >= _lastApplied + Idle;
        if (debt < MaxDebtBytes && _applied < host.CheckpointEntries && now < _dirtySince + MaxAge && !isIdle)
        {
            return;
        }

        _dirtySince = Instant.Never;
        _applied = 0;
        _notBefore = now + Pause;
        Volatile.Write(ref _running, 1);
        host.RunInBackground($"checkpoint of range {replica.Range}", _ =>
        {
            try
            {
                Run();
            }
            finally
            {
                Volatile.Write(ref _running, 0);
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Makes a checkpoint now. Blocks. Also called at a clean stop, when nothing is applied any more.</summary>
    public void Run()
    {
        StateHandle state = replica.State;
        if (!state.TryUse())
        {
            return;
        }

        try
        {
            if (host.Durability == Durability.Os)
            {
                // What becomes durable in the state file must be durable in the log before.
                host.Binlog.SyncNow();
            }

            if (state.Machine.Checkpoint() is { } checkpoint)
            {
                host.Binlog.RecordCheckpoint(
                    replica.Range, checkpoint, replica.Snapshots.Pin, floor => replica.Post(new Input.LogCompacted(floor)));
            }
        }
        catch (StorageFailedException e)
        {
            host.Fail(e);
        }
        finally
        {
            state.Release();
        }
    }
}
