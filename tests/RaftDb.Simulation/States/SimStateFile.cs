using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.States;

/// <summary>A state file: what its last checkpoint made durable, and the batches since. A crash (of the machine, or of the process, whose transaction may have been open) leaves it
/// after any one of these, never between two.</summary>
internal sealed class SimStateFile(string name, StateVersion first)
{
    private readonly List<StateVersion> _since = [];

    public string Name { get; } = name;

    public StateVersion Durable { get; private set; } = first;

    public StateVersion Latest => _since.Count == 0 ? Durable : _since[^1];

    /// <summary>Nothing can be written to it any more.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Transactions that a checkpoint would make durable.</summary>
    public int Debt => _since.Count;

    public void Commit(StateVersion version) => _since.Add(version);

    public void Checkpoint()
    {
        Durable = Latest;
        _since.Clear();
    }

    /// <summary>Answers whether it fell back.</summary>
    public bool Crash(SimRandom random)
    {
        int before = _since.Count;
        SimSessions sessions = Latest.Sessions;
        int kept = random.Coin() ? random.Between(0, _since.Count) : 0;
        _since.RemoveRange(kept, _since.Count - kept);
        if (Raft.Mutants.SessionResultsOutsideTheTransaction)
        {
            _since.Add(Latest with { Sessions = sessions });
        }

        return kept < before;
    }
}
