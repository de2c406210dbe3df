using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Server.Replicas;

/// <summary>Decides when a replica's state machine is checkpointed, and lets the log be cut behind it. Consulted by the replica's loop; the work is done in the background.</summary>
internal sealed class CheckpointPolicy(Replica replica, IReplicaHost host)
{
    /// <summary>What in the WAL makes it worth writing each changed page once more, into the file. What is in memory stays there meanwhile: a layer that is written before it is full writes
    /// nearly as many pages as a full one.</summary>
    public const long MaxWalBytes = 384 << 20;

    /// <summary>What is worth a checkpoint once nothing more comes: a restart has it to replay.</summary>
    private const long IdleDebtBytes = 2 << 20;

    /// <summary>For how long nothing comes then.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    /// <summary>The longest that changes stay out of the state file: bounds what an idle range holds back of the log.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

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

        IStateMachine machine = replica.State.Machine;
        bool isIdle = now >= _lastApplied + Idle && machine.CheckpointDebtBytes >= IdleDebtBytes;
        bool withMemory = isIdle || _applied >= host.CheckpointEntries || now >= _dirtySince + MaxAge;
        if (!withMemory && machine.WalBytes < MaxWalBytes)
        {
            return;
        }

        // A WAL that has grown so far tells that memory was written meanwhile: what is there now is not older than the last checkpoint.
        _dirtySince = withMemory ? Instant.Never : now;
        _applied = 0;
        _notBefore = now + Pause;
        Volatile.Write(ref _running, 1);
        host.RunInBackground($"checkpoint of range {replica.Range}", _ =>
        {
            try
            {
                Run(withMemory);
            }
            finally
            {
                Volatile.Write(ref _running, 0);
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Makes a checkpoint now. Blocks. Also called at a clean stop, when nothing is applied any more.</summary>
    /// <param name="withMemory">Whether what is in memory is written as well.</param>
    public void Run(bool withMemory = true)
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

            if ((withMemory ? state.Machine.Checkpoint() : state.Machine.WriteBack()) is { } checkpoint)
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
