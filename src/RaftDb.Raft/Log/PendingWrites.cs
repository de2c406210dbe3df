namespace RaftDb.Raft.Log;

/// <summary>Writes of entries that were handed out and are not known to be durable yet, in order. A completion names only an
/// entry, and the same entry may have been written, replaced and written again: what a later write under way replaces is
/// not durable, whatever an earlier completion says (the ABA race of asynchronous appends).</summary>
internal sealed class PendingWrites
{
    private readonly Queue<(LogIndex First, LogPosition Last)> _writes = new();

    public void Add(LogIndex first, LogPosition last) => _writes.Enqueue((first, last));

    public void Clear() => _writes.Clear();

    /// <summary>Takes a completion, and says up to which index the log can be durable by it.</summary>
    public LogIndex Complete(LogPosition last)
    {
        bool known = false;
        foreach ((_, LogPosition written) in _writes)
        {
            known |= written == last;
        }

        while (known && _writes.Dequeue().Last != last)
        {
        }

        LogIndex durable = last.Index;
        foreach ((LogIndex first, _) in _writes)
        {
            durable = Mutants.StaleCompletionAccepted ? durable : LogIndex.Min(durable, first.Previous);
        }

        return durable;
    }
}
