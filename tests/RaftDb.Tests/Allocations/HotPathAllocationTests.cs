using RaftDb.Raft.Log;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;
using RaftDb.Tests.Raft.Harness;
using RaftDb.Tests.Storage.StateMachines;

namespace RaftDb.Tests.Allocations;

/// <summary>What one put of a 16-byte key and a 100-byte value allocates on its way: bounds a little above what it is today.</summary>
[NonParallelizable]
internal sealed class HotPathAllocationTests
{
    private const int KeyBytes = 16;
    private const int ValueBytes = 100;
    private const int CommandBytes = 140;
    private const int Batch = 100;
    private const int Keys = 1000;

    [TestCase(168.0)]
    public void Encoding_a_put(double bound)
    {
        TransactionCommand put = Put(1, null);
        AllocationCount.Expect("Encoding a put", AllocationCount.PerOperation(1, () => CommandCodec.Encode(put)), bound);
    }

    [TestCase(240.0)]
    public void Decoding_a_put(double bound)
    {
        byte[] bytes = CommandCodec.Encode(Put(1, null));
        AllocationCount.Expect("Decoding a put", AllocationCount.PerOperation(1, () => CommandCodec.Decode(bytes)), bound);
    }

    [TestCase(1, 4300.0)]
    [TestCase(100, 265.0)]
    public void The_leaders_steps_from_a_proposal_until_it_is_applied(int commands, double bound)
    {
        StepRig rig = new(commands, CommandBytes);
        AllocationCount.Expect($"The leader's steps for an entry, {commands} at a time,", AllocationCount.PerOperation(commands, rig.Round, () => rig.LeaderBytes), bound);
    }

    [TestCase(1, 2600.0)]
    [TestCase(100, 248.0)]
    public void A_followers_steps_from_an_append_until_it_is_applied(int commands, double bound)
    {
        StepRig rig = new(commands, CommandBytes);
        AllocationCount.Expect($"A follower's steps for an entry, {commands} at a time,", AllocationCount.PerOperation(commands, rig.Round, () => rig.FollowerBytes), bound);
    }

    // Among it 176 for the row itself, which stays in memory until it is written to the file.
    [TestCase(false, 328.0)]
    [TestCase(true, 408.0)]
    public void Applying_a_put_in_a_batch(bool session, double bound)
    {
        using StateFixture fixture = new();
        List<CommandResult?> results = [];
        Entry[] entries = new Entry[Batch];
        ulong index = fixture.State.Applied.Index.Value;
        ulong sequence = 0;
        long bytes = 0;
        double each = AllocationCount.PerOperation(Batch, ApplyBatch, () => bytes);
        AllocationCount.Expect($"Applying a put{(session ? " in a session" : "")}", each, bound);

        void ApplyBatch()
        {
            for (int i = 0; i < Batch; i++)
            {
                sequence++;
                SessionWrite? write = session ? new SessionWrite(new(42), sequence, sequence > Batch ? sequence - Batch : 1) : null;
                entries[i] = StateFixture.EntryOf(++index, Put((int)(index % Keys), write));
            }

            results.Clear();
            long before = GC.GetAllocatedBytesForCurrentThread();
            fixture.State.Apply(entries, [], results);
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.That(results[^1]?.Status, Is.EqualTo(CommandStatus.Done));
        }
    }

    private static TransactionCommand Put(int number, SessionWrite? session)
    {
        byte[] key = new byte[KeyBytes];
        BitConverter.TryWriteBytes(key, number);
        return new(HybridTimestamp.Of(1000, 0), 1, [], [Operation.Put(key, new byte[ValueBytes])], [], session);
    }
}
