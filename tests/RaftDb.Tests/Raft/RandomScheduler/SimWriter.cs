using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>The way to the disk: writes end in order, those that wait for the same sync together. What is not synced at a crash is lost but
/// for a prefix.</summary>
internal sealed class SimWriter(
    SimWorld world, SimNode node, SeededRandom random, Action<Message> send, Action<Input> post, Action<MachineState> installed)
{
    private readonly Queue<PendingWrite> _writes = new();
    private bool _syncing;

    public void Write(PendingWrite write)
    {
        if (write.IsEmpty && _writes.Count == 0)
        {
            Complete(write);
            return;
        }

        _writes.Enqueue(write);
        if (!_syncing)
        {
            Sync();
        }
    }

    public void Crash()
    {
        for (var kept = random.Below(_writes.Count + 1); kept > 0; kept--)
        {
            _writes.Dequeue().Perform(node.Disk);
        }
    }

    private void Sync()
    {
        _syncing = true;
        var covered = _writes.Count;
        node.After(world.Duration(node, random, world.Swarm.MaxSync), () =>
        {
            for (var i = 0; i < covered; i++)
            {
                var write = _writes.Dequeue();
                write.Perform(node.Disk);
                Complete(write);
            }

            _syncing = false;
            if (_writes.Count > 0)
            {
                Sync();
            }
        });
    }

    private void Complete(PendingWrite write)
    {
        foreach (var message in write.Messages)
        {
            send(message);
        }

        if (write.Entries.Count > 0)
        {
            var last = write.Entries[^1];
            post(new Input.EntriesPersisted(new(last.Index, last.Term)));
        }

        if (write.Snapshot is not null)
        {
            installed(write.Snapshot);
        }
    }
}
