using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.States;

/// <summary>A state file: what its last checkpoint made durable, and the batches since. A crash (of the machine, or of the process, whose transaction may have been open) leaves it
/// after any one of these, never between two. A row that nobody reads may rot in it, so that only a comparison with other replicas tells.</summary>
internal sealed class SimStateFile(string name, StateVersion first)
{
    private readonly List<StateVersion> _since = [];
    private byte[]? _rotten;

    public string Name { get; } = name;

    public StateVersion Durable { get; private set; } = first;

    public StateVersion Latest => _since.Count == 0 ? Durable : _since[^1];

    /// <summary>Nothing can be written to it any more.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Whether a row of it is rotten: it may have been written again, or fallen back to a time before it was written.</summary>
    public bool IsRotten => _rotten is { } key && Latest.Rows.GetValueOrDefault(key)?.Sound is not null;

    /// <summary>Called when the file's rows change though nobody wrote them.</summary>
    public Action<Func<StateVersion, StateVersion>>? Changed { get; set; }

    /// <summary>Transactions that a checkpoint would make durable.</summary>
    public int Debt => _since.Count;

    public void Commit(StateVersion version) => _since.Add(version);

    public void Checkpoint()
    {
        Durable = Latest;
        _since.Clear();
    }

    /// <summary>A bit of a row flips, and no checksum tells. False when there is no such row.</summary>
    public bool Rot(byte[] key, int bit)
    {
        if (IsRotten || Latest.Rows.GetValueOrDefault(key) is not { Value.Length: > 0 })
        {
            return false;
        }

        _rotten = key;
        Change(version => version.Rows.TryGetValue(key, out SimRow? row) ? version with { Rows = version.Rows.SetItem(key, row.Rotten(bit)) } : version);
        return true;
    }

    /// <summary>The row is again what it was. Answers whether it was not.</summary>
    public bool Heal()
    {
        if (!IsRotten)
        {
            return false;
        }

        byte[] key = _rotten!;
        Change(version => version.Rows.GetValueOrDefault(key)?.Sound is { } sound ? version with { Rows = version.Rows.SetItem(key, sound) } : version);
        return true;
    }

    private void Change(Func<StateVersion, StateVersion> change)
    {
        Durable = change(Durable);
        for (int i = 0; i < _since.Count; i++)
        {
            _since[i] = change(_since[i]);
        }

        Changed?.Invoke(change);
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
