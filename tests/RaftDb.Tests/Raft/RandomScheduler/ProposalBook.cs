using RaftDb.Raft;
using RaftDb.Raft.Log;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>What this process proposed and waits for: a proposal is acknowledged when the entry is applied where it was proposed, still with
/// the term of its proposal.</summary>
internal sealed class ProposalBook(SimWorld world)
{
    private readonly Dictionary<LogIndex, (Term Term, ReadOnlyMemory<byte> Data)> _waiting = [];

    public void Take(IReadOnlyList<Input> inputs, IReadOnlyList<ProposalOutcome> outcomes)
    {
        var next = 0;
        foreach (var input in inputs)
        {
            if (input is not (Input.Propose or Input.ProposeConfigurationChange))
            {
                continue;
            }

            Check.That(next < outcomes.Count, $"{next + 1} proposals were made and {outcomes.Count} answered");
            var outcome = outcomes[next++];
            var asked = input is Input.Propose propose ? propose.Commands.Count : 1;
            Check.That(
                outcome.Refusal == ProposalRefusal.None ? outcome.Accepted == asked : outcome.Accepted < asked,
                $"of {asked} commands {outcome.Accepted} were accepted with {outcome.Refusal}");
            world.Marks.Hit($"proposals: {outcome.Refusal}");
            if (input is Input.Propose { Commands: var commands })
            {
                for (var i = 0; i < outcome.Accepted; i++)
                {
                    _waiting[outcome.First.Index + (ulong)i] = (outcome.First.Term, commands[i]);
                }
            }
        }

        Check.That(next == outcomes.Count, $"{next} proposals were made and {outcomes.Count} answered");
    }

    public void Applied(Entry entry)
    {
        if (_waiting.Remove(entry.Index, out var proposal) && proposal.Term == entry.Term)
        {
            Check.That(
                proposal.Data.Span.SequenceEqual(entry.Data.Span),
                $"entry {entry.Index}@{entry.Term} is not what was accepted there");
            world.Checks.Ledger.Acknowledged(new(entry.Index, entry.Term));
            world.Marks.Hit("acknowledged");
        }
    }
}
