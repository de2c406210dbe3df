using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines;

/// <summary>What one log entry does to the state: the same wherever the rows are kept. Used by the thread that applies.</summary>
internal sealed class EntryApplier
{
    private readonly CommandApplier _commands;

    public EntryApplier(IKeyValueTable table, ISessionTable sessions, IChangeTable changes)
    {
        Sessions = new(sessions);
        Changes = new(changes);
        _commands = new(table, Sessions, Changes);
    }

    /// <summary>The sessions.</summary>
    public SessionBook Sessions { get; }

    /// <summary>What is kept for those who watch.</summary>
    public ChangeBook Changes { get; }

    /// <summary>Applies the entry after the last one. Throws <see cref="StorageFailedException"/> for one that this version doesn't know.</summary>
    public CommandResult? Apply(
        in Entry entry, IReadOnlyList<(LogIndex Index, Configuration Configuration)> configurations, ref int nextConfiguration, ref ApplyBatch batch)
    {
        Check.That(
            entry.Index == batch.Applied.Index.Next, $"entry {entry.Index} does not follow the applied index {batch.Applied.Index}");
        Check.That(entry.Term >= batch.Applied.Term, $"entry {entry.Index} of term {entry.Term} follows one of term {batch.Applied.Term}");
        CommandResult? result = null;
        if (entry.Kind == EntryKind.Command)
        {
            try
            {
                result = _commands.Apply(entry.Data.Span, entry.Index.Value, ref batch);
            }
            catch (UnknownCommandException e)
            {
                throw new StorageFailedException($"The command at index {entry.Index}, term {entry.Term} can't be applied: {e.Message}", e);
            }
        }
        else if (entry.Kind == EntryKind.ConfigurationChange)
        {
            Check.That(
                nextConfiguration < configurations.Count && configurations[nextConfiguration].Index == entry.Index,
                $"no configuration was given for entry {entry.Index}");
            batch.Configuration = configurations[nextConfiguration++].Configuration;
            batch.Descriptor = Described(entry, batch);
            batch.Shape = entry.Index.Value;
        }
        else if (entry.Kind != EntryKind.Noop)
        {
            throw new StorageFailedException($"The entry at index {entry.Index} has kind {(byte)entry.Kind}, which is not known here: this node needs a newer version.");
        }

        batch.Applied = new(entry.Index, entry.Term);
        return result;
    }

    /// <summary>The descriptor follows the configuration: in the same entry, and in the same transaction.</summary>
    private static RangeDescriptor Described(in Entry entry, in ApplyBatch batch)
    {
        try
        {
            IReadOnlyList<ReplicaDescriptor> added = AddedReplicas.Decode(ConfigurationCodec.DecodeChange(entry.Data.Span).Context.Span);
            return batch.Descriptor.After(batch.Configuration, added);
        }
        catch (UnknownCommandException e)
        {
            throw new StorageFailedException($"The change of membership at index {entry.Index}, term {entry.Term} can't be applied: {e.Message}", e);
        }
    }
}
