using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>What a range's applied entries have changed of its sessions since the last layer was sealed. Used by one thread at a time.</summary>
internal sealed class SessionLayer
{
    private readonly Dictionary<SessionId, SessionDelta> _deltas = [];

    /// <summary>Memory that it holds, about.</summary>
    public long Bytes { get; private set; }

    /// <summary>The sessions that changed.</summary>
    public IReadOnlyDictionary<SessionId, SessionDelta> Deltas => _deltas;

    /// <summary>What changed of a session; null when nothing did.</summary>
    public SessionDelta? Find(SessionId session) => _deltas.GetValueOrDefault(session);

    /// <summary>What changed of a session, to be changed further.</summary>
    public SessionDelta Change(SessionId session)
    {
        if (!_deltas.TryGetValue(session, out SessionDelta? delta))
        {
            delta = new();
            _deltas.Add(session, delta);
            Bytes += SessionDelta.OwnBytes;
        }

        return delta;
    }

    /// <summary>Keeps a result.</summary>
    public void Add(SessionId session, ulong sequence, uint part, in KeptResult kept) => Bytes += Change(session).Add(sequence, part, kept);

    /// <summary>Drops results of sequences below, here and in all layers under this one.</summary>
    public void Drop(SessionId session, ulong below) => Bytes -= Change(session).Drop(below);
}
