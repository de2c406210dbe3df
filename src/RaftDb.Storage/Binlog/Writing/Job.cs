using RaftDb.Storage.Binlog.Format;
using RaftDb.Storage.Binlog.Replicas;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>What happens to a job when the writer takes it up.</summary>
internal enum JobVerdict
{
    /// <summary>It has records to be written.</summary>
    Write,

    /// <summary>It is of no use any more, or needs nothing: it completes with the batch.</summary>
    Nothing,

    /// <summary>An earlier job of the same batch must be published first.</summary>
    Conflict,
}

/// <summary>A rare request of the writer's: everything but appends. Such jobs are never refused for want of room: they may use the reserve that each segment keeps for
/// them, and wait if even that is used up, because they are what makes room.</summary>
internal abstract class Job
{
    /// <summary>The range that it changes; 0 for none.</summary>
    public abstract RangeId Range { get; }

    /// <summary>Bytes that it takes at most.</summary>
    public abstract int DiskSize { get; }

    /// <summary>Where its record goes.</summary>
    public BinlogPosition Place { get; protected set; }

    /// <summary>Decides what to do, knowing what is published.</summary>
    public abstract JobVerdict Prepare(ReplicaTable replicas);

    /// <summary>Adds the record.</summary>
    public virtual void Encode(BatchBuilder batch) => Place = batch.Position;

    /// <summary>The record is durable: makes it known.</summary>
    public virtual void Publish(ReplicaTable replicas)
    {
    }

    /// <summary>Tells whoever asked.</summary>
    public abstract void Complete();

    /// <summary>There is no room. True: give the job up; false: keep it until there is.</summary>
    public virtual bool Refuse() => false;

    protected static void Add(BatchBuilder batch, RecordType type, RangeId range, Raft.ReplicaId replica, Raft.Log.LogPosition position, byte[] payload) =>
        batch.Add(new RecordHeader(type, 0, 0, payload.Length, range.Value, replica.Value, position.Term.Value, position.Index.Value), payload);
}
