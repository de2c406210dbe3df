using RaftDb.Raft;
using RaftDb.Server.Metrics;

namespace RaftDb.Server.Replicas;

/// <summary>What was proposed since the last pass, on its way through this one: admitted, made inputs of, and told apart again by the node's outcomes. Owned by the replica's loop.</summary>
internal sealed class NewProposals(PendingProposals pending, RefusedWrites refused, ApplyPipeline applies, NodeMetrics metrics)
{
    private readonly List<PendingProposal> _commands = [];
    private readonly List<PendingChange> _changes = [];

    public void Admit(PendingProposal proposal, Instant now)
    {
        if (proposal.Deadline <= now)
        {
            proposal.Complete(ProposalStatus.Late);
        }
        else if (refused.Any || applies.IsStuck)
        {
            proposal.Complete(ProposalStatus.NoSpace);
        }
        else
        {
            _commands.Add(proposal);
        }
    }

    public void Admit(PendingChange change) => _changes.Add(change);

    /// <summary>One input for each change, one for all commands.</summary>
    public void AddTo(List<Input> inputs)
    {
        foreach (PendingChange change in _changes)
        {
            inputs.Add(new Input.ProposeConfigurationChange(change.Change));
        }

        if (_commands.Count > 0)
        {
            inputs.Add(new Input.Propose(_commands.ConvertAll(p => p.Command)));
        }
    }

    /// <summary>The outcomes come in the order of the inputs.</summary>
    public void Answer(List<ProposalOutcome> outcomes)
    {
        int expected = _changes.Count + (_commands.Count > 0 ? 1 : 0);
        Check.That(outcomes.Count == expected, $"{outcomes.Count} outcomes for {expected} proposal inputs");
        for (int i = 0; i < _changes.Count; i++)
        {
            _changes[i].Complete(outcomes[i]);
        }

        _changes.Clear();
        if (_commands.Count > 0)
        {
            Register(outcomes[^1]);
            _commands.Clear();
        }
    }

    private void Register(ProposalOutcome outcome)
    {
        metrics.ProposalsAccepted(outcome.Accepted);
        for (int i = 0; i < _commands.Count; i++)
        {
            if (i < outcome.Accepted)
            {
                pending.Add(_commands[i], outcome.First with { Index = outcome.First.Index + (ulong)i });
            }
            else
            {
                bool overloaded = outcome.Refusal == ProposalRefusal.Overloaded;
                metrics.ProposalDropped(overloaded ? "overloaded" : "not_leader");
                _commands[i].Complete(overloaded ? ProposalStatus.Overloaded : ProposalStatus.NotLeader);
            }
        }
    }
}
