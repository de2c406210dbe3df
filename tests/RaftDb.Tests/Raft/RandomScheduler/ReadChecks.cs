using RaftDb.Raft;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>Linearizability of read indexes: what was committed when a read was asked for is covered by its index.</summary>
internal sealed class ReadChecks(SimWorld world)
{
    private readonly Dictionary<ulong, (ReplicaId Replica, LogIndex Committed)> _asked = [];
    private ulong _next;

    public Input Ask(ReplicaId replica)
    {
        _asked.Add(++_next, (replica, world.Checks.Ledger.Last));
        return new Input.ReadIndex(_next);
    }

    public void Answered(ReplicaId replica, ReadOutcome outcome)
    {
        Check.That(_asked.Remove(outcome.Context, out var asked), $"read {outcome.Context} is answered twice, or was never asked");
        Check.That(asked.Replica == replica, $"read {outcome.Context} was asked at {asked.Replica} and is answered at {replica}");
        world.Marks.Hit(outcome.Refused ? "reads refused" : "reads confirmed");
        Check.That(
            outcome.Refused || outcome.Index >= asked.Committed,
            $"read {outcome.Context} at {replica} got index {outcome.Index}; {asked.Committed} was committed before it was asked for");
        Check.That(
            outcome.Refused || outcome.Index <= world.Checks.Ledger.Last,
            $"read {outcome.Context} at {replica} got index {outcome.Index}, which is not committed");
    }
}
