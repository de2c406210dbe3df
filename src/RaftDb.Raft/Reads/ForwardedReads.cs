using RaftDb.Raft.Messages;

namespace RaftDb.Raft.Reads;

/// <summary>The read indexes that this follower asked its leader for. Each is answered once: by the leader, or refused when the leader
/// changes or keeps silent for an election timeout.</summary>
internal sealed class ForwardedReads(NodeState state)
{
    private readonly SortedDictionary<ulong, Instant> _waiting = [];
    private readonly Queue<(ulong Context, Instant Expires)> _expiries = new();

    public Instant Deadline => _expiries.TryPeek(out (ulong Context, Instant Expires) first) ? first.Expires : Instant.Never;

    public void Ask(ulong context)
    {
        if (state.Leader.IsNone || state.Suspect || !_waiting.TryAdd(context, state.Now))
        {
            state.Ready.Reads.Add(new ReadOutcome(context, LogIndex.Zero, Refused: true));
            return;
        }

        _expiries.Enqueue((context, state.Now + state.Options.ElectionTimeout));
        state.Send(new ReadIndexRequest(state.Self, state.Leader, state.Term, context));
    }

    public void OnResponse(ReadIndexResponse response)
    {
        if (response.From == state.Leader && _waiting.Remove(response.Context))
        {
            state.Ready.Reads.Add(new ReadOutcome(response.Context, response.Index, response.Refused));
        }

        DropAnswered();
    }

    public void OnTimer()
    {
        while (_expiries.TryPeek(out (ulong Context, Instant Expires) first) && first.Expires <= state.Now)
        {
            Refuse(first.Context);
            _expiries.Dequeue();
        }

        DropAnswered();
    }

    public void RefuseAll()
    {
        while (_expiries.TryDequeue(out (ulong Context, Instant Expires) first))
        {
            Refuse(first.Context);
        }
    }

    private void Refuse(ulong context)
    {
        if (_waiting.Remove(context))
        {
            state.Ready.Reads.Add(new ReadOutcome(context, LogIndex.Zero, Refused: true));
        }
    }

    private void DropAnswered()
    {
        while (_expiries.TryPeek(out (ulong Context, Instant Expires) first) && !_waiting.ContainsKey(first.Context))
        {
            _expiries.Dequeue();
        }
    }
}
