using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;

namespace RaftDb.Raft.Replication;

/// <summary>Takes proposals into a leader's log, within the bounds of one term.</summary>
internal sealed class Proposals(NodeState state, LeadershipTransfer transfer)
{
    private readonly ByteLedger _uncommitted = new();

    /// <summary>The first entry of this term; once it is committed, all before it is too (thesis 3.6.2).</summary>
    public LogIndex FirstOfTerm { get; private set; }

    public bool HasCommittedInTerm => state.Log.Commit >= FirstOfTerm;

    public void AppendFirstOfTerm()
    {
        FirstOfTerm = state.Log.LastIndex.Next;
        Append(EntryKind.Noop, default);
    }

    public ProposalOutcome Propose(IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        if (transfer.IsActive)
        {
            return Refuse(ProposalRefusal.Transferring, $"to replica {transfer.Target}");
        }

        LogIndex first = state.Log.LastIndex.Next;
        long bytes = 0;
        int accepted = 0;
        while (accepted < commands.Count)
        {
            int size = commands[accepted].Length + Entry.Overhead;
            long underWay = _uncommitted.Bytes + bytes;
            if (underWay > 0 && underWay + size > state.Options.MaxUncommittedBytes)
            {
                break;
            }

            state.Append(new Entry(state.Term, state.Log.LastIndex.Next, EntryKind.Command, commands[accepted]));
            bytes += size;
            accepted++;
        }

        if (accepted > 0)
        {
            _uncommitted.Add(state.Log.LastIndex, bytes);
        }

        return new ProposalOutcome(
            accepted,
            new LogPosition(first, state.Term),
            accepted == commands.Count ? ProposalRefusal.None : ProposalRefusal.Overloaded);
    }

    public ProposalOutcome ProposeChange(ConfigurationChange change)
    {
        if (transfer.IsActive)
        {
            return Refuse(ProposalRefusal.Transferring, $"to replica {transfer.Target}");
        }

        if (state.Membership.HasUnapplied && !Mutants.TwoChangesAtOnce)
        {
            return Refuse(
                ProposalRefusal.ConfigurationChangePending, $"entry {state.Membership.FirstUnapplied} is not applied yet");
        }

        if (!HasCommittedInTerm && !Mutants.ChangeBeforeCommitInTerm)
        {
            return Refuse(
                ProposalRefusal.ConfigurationChangePending, $"nothing of term {state.Term} is committed yet");
        }

        ConfigurationResult result = ConfigurationChanger.Apply(state.Membership.Current, change);
        if (result.Configuration is null)
        {
            return Refuse(ProposalRefusal.ConfigurationChangeInvalid, result.Error);
        }

        LogIndex index = state.Log.LastIndex.Next;
        Append(EntryKind.ConfigurationChange, ConfigurationCodec.EncodeChange(change));
        return new ProposalOutcome(1, new LogPosition(index, state.Term), ProposalRefusal.None);
    }

    /// <summary>Leaves a joint configuration that says so, whichever leader entered it.</summary>
    public void LeaveJointWhereDue()
    {
        Configuration current = state.Membership.Current;
        if (current.IsJoint && current.AutoLeave && !state.Membership.HasUnapplied && HasCommittedInTerm &&
            !transfer.IsActive)
        {
            Append(
                EntryKind.ConfigurationChange, ConfigurationCodec.EncodeChange(ConfigurationChange.LeaveJoint));
        }
    }

    public void Committed() => _uncommitted.Release(state.Log.Commit);

    private void Append(EntryKind kind, ReadOnlyMemory<byte> data)
    {
        var entry = new Entry(state.Term, state.Log.LastIndex.Next, kind, data);
        state.Append(entry);
        _uncommitted.Add(entry.Index, entry.Size);
    }

    private static ProposalOutcome Refuse(ProposalRefusal refusal, string? detail) =>
        new(0, LogPosition.Zero, refusal, detail);
}
