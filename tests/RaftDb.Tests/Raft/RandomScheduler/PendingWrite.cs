using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>A write that was handed to the disk and isn't durable yet; what may only be sent after it waits with it.</summary>
internal sealed record PendingWrite(
    HardState? HardState, IReadOnlyList<Entry> Entries, MachineState? Snapshot, IReadOnlyList<Message> Messages)
{
    public bool IsEmpty => HardState is null && Entries.Count == 0 && Snapshot is null;

    public void Perform(NodeDisk disk)
    {
        disk.Write(HardState, Entries);
        if (Snapshot is not null)
        {
            disk.Install(Snapshot);
        }
    }
}
