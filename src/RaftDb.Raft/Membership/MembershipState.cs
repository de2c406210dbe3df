using RaftDb.Raft.Log;

namespace RaftDb.Raft.Membership;

/// <summary>The configuration in force, which is the applied one, and the changes that stand in the log beyond it.</summary>
internal sealed class MembershipState(Configuration inForce)
{
    /// <summary>Configuration entries beyond the applied index, ascending.</summary>
    private readonly List<LogIndex> _unapplied = [];

    /// <summary>Configurations that were computed when their entries were handed out, waiting to be applied.</summary>
    private readonly Queue<(LogIndex Index, Configuration Configuration)> _computed = new();

    private Configuration _latestComputed = inForce;

    public Configuration Current { get; private set; } = inForce;

    public bool HasUnapplied => _unapplied.Count > 0;

    /// <summary>The first configuration entry that is not applied; only meaningful with <see cref="HasUnapplied"/>.</summary>
    public LogIndex FirstUnapplied => _unapplied[0];

    public bool IsVoter(ReplicaId replica) => Contains(Current.Voters, replica) || Contains(Current.OutgoingVoters, replica);

    public int CountUnappliedAfter(LogIndex index)
    {
        int count = 0;
        foreach (LogIndex entry in _unapplied)
        {
            count += entry > index ? 1 : 0;
        }

        return count;
    }

    public void Appended(in Entry entry)
    {
        if (entry.Kind == EntryKind.ConfigurationChange)
        {
            _unapplied.Add(entry.Index);
        }
    }

    public void CutFrom(LogIndex index)
    {
        while (_unapplied.Count > 0 && _unapplied[^1] >= index)
        {
            _unapplied.RemoveAt(_unapplied.Count - 1);
        }
    }

    /// <summary>What is in force once <paramref name="entry"/>, the next configuration entry in log order, is applied. A change that is
    /// not possible leaves everything as it is, on every replica alike.</summary>
    public Configuration HandedOut(in Entry entry)
    {
        ConfigurationResult result = ConfigurationChanger.Apply(
            _latestComputed, ConfigurationCodec.DecodeChange(entry.Data.Span));
        _latestComputed = result.Configuration ?? _latestComputed;
        _computed.Enqueue((entry.Index, _latestComputed));
        return _latestComputed;
    }

    /// <summary>Everything up to <paramref name="index"/> is applied. Says whether the configuration in force changed.</summary>
    public bool Applied(LogIndex index)
    {
        while (_unapplied.Count > 0 && _unapplied[0] <= index)
        {
            _unapplied.RemoveAt(0);
        }

        bool changed = false;
        while (_computed.TryPeek(out (LogIndex Index, Configuration Configuration) next) && next.Index <= index)
        {
            _computed.Dequeue();
            changed |= !ReferenceEquals(Current, next.Configuration);
            Current = next.Configuration;
        }

        return changed;
    }

    /// <summary>A snapshot took the place of the state.</summary>
    public void Reset(Configuration configuration)
    {
        _unapplied.Clear();
        _computed.Clear();
        _latestComputed = configuration;
        Current = configuration;
    }

    public static bool Contains(IReadOnlyList<ReplicaId> ascending, ReplicaId replica)
    {
        for (int i = 0; i < ascending.Count; i++)
        {
            if (ascending[i] == replica)
            {
                return true;
            }
        }

        return false;
    }
}
